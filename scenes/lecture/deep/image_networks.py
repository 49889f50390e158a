"""The networks that tell pictures apart, whose depth and errors the lecture compares, with the figures' sources."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MOST_LAYERS = 2000


class ImageNetwork(BaseModel):
    """One network that tells pictures apart, and how deep it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=12, description="What it is called")
    year: int = Field(ge=1940, le=2100, description="The year it came")
    layers: int = Field(ge=2, le=MOST_LAYERS, description="How many layers it has: as many floors are drawn")
    error: float | None = Field(
        None, ge=0, le=100, description="Share of pictures for which none of its five guesses is right, in percent"
    )


NETWORKS = (
    ImageNetwork(name="AlexNet", year=2012, layers=8, error=16.4),
    ImageNetwork(name="VGG", year=2014, layers=19, error=7.3),
    ImageNetwork(name="GoogLeNet", year=2014, layers=22, error=6.7),
    ImageNetwork(name="Residual Net", year=2015, layers=152, error=3.57),
)
"""The lecture's four, with the errors that they entered in the ImageNet contest: of several networks together each.

Sources: Krizhevsky et al. 2012, Simonyan and Zisserman 2014 (https://arxiv.org/abs/1409.1556), Szegedy et al. 2014
(https://arxiv.org/abs/1409.4842); of the last one, which the lecture does not give, He et al. 2015
(https://arxiv.org/abs/1512.03385).
"""

PICTURES = 1_281_167
"""To learn from, in the contest of these four; source: Russakovsky et al. 2015, https://arxiv.org/abs/1409.0575."""
