"""What pydantic says of a list: an entry that is wrong does not make it too short, too."""

import pytest
from gradreel.core.errors import problems_in
from pydantic import BaseModel, Field, ValidationError


class Model(BaseModel):
    sizes: tuple[int, ...] = Field(min_length=2)
    names: tuple[str, ...] = Field(("a",), min_length=1)


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ({"sizes": [1, "two"]}, [("sizes", 1)]),
        ({"sizes": [1]}, [("sizes",)]),
        ({"sizes": ["one", "two"], "names": []}, [("sizes", 0), ("sizes", 1), ("names",)]),
    ],
)
def test_a_list_is_too_short_only_where_its_entries_are_right(content, places):
    with pytest.raises(ValidationError) as raised:
        Model.model_validate(content)
    assert [problem["loc"] for problem in problems_in(raised.value)] == places
