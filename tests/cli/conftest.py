from __future__ import annotations

import pytest
from click.testing import CliRunner
from gradreel.cli import commands


@pytest.fixture
def gradreel():
    """``gradreel("list", "--json")`` in this process: a result with exit_code, stdout and stderr."""

    def invoke(*arguments: object):
        result = CliRunner().invoke(commands, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
