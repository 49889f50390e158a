"""Problems that pydantic reports for a list: a list with wrong entries is not also too short."""

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
def test_a_list_with_wrong_entries_is_not_also_too_short(content, places):
    with pytest.raises(ValidationError) as raised:
        Model.model_validate(content)
    assert [problem["loc"] for problem in problems_in(raised.value)] == places
