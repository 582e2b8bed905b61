"""What paths call the types of records, here and at the mapper."""

from typing import Literal

Subject = Literal["people", "saas-users", "assets"]
