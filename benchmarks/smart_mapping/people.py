"""Invented people, with the irregularities that directories have: one name, three names, capitals, nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Somebody:
    """One invented person."""

    number: int
    first: str
    last: str
    login: str
    department: str
    title: str
    city: str
    country: str
    phone: str

    @property
    def full(self) -> str:
        """Both names."""
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        """The address at work."""
        return f"{self.login}@example.com"

    @property
    def hexadecimal(self) -> str:
        """An id of 32 hexadecimal digits."""
        return f"{self.number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128:032x}"

    @property
    def guid(self) -> str:
        """An id in the form of a GUID."""
        digits = self.hexadecimal
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def moment(self, year: int, end: str = "Z") -> str:
        """Return a moment in a year, another for each person."""
        day, time = (self.number % 12 + 1, self.number * 7 % 28 + 1), (self.number * 3 % 24, self.number * 11 % 60, self.number * 13 % 60)
        return f"{year}-{day[0]:02d}-{day[1]:02d}T{time[0]:02d}:{time[1]:02d}:{time[2]:02d}{end}"

    def epoch(self, year: int) -> int:
        """Return seconds since 1970 in a year."""
        return 1_700_000_000 + (year - 2023) * 31_556_952 + self.number * 86_411


PEOPLE = (
    Somebody(1, "Amira", "Haddad", "amira.haddad", "Finance", "Controller", "Berlin", "DE", "+49 30 5550101"),
    Somebody(2, "Jonas", "van der Berg", "jonas.vanderberg", "Engineering", "Platform Engineer", "Utrecht", "NL", "+31 30 5550102"),
    Somebody(3, "Zoë", "O'Neill", "zoe.oneill", "Sales", "Account Executive", "Dublin", "IE", "+353 1 5550103"),
    Somebody(
        4, "Mary Ann", "Fitzgerald", "maryann.fitzgerald", "Engineering", "Director of Engineering", "Boston", "US", "+1 617 555 0104"
    ),
    Somebody(5, "Łukasz", "Wójcik", "lukasz.wojcik", "People", "Recruiter", "Kraków", "PL", "+48 12 5550105"),
    Somebody(6, "Priya", "Raman", "priya.raman", "Support", "Support Lead", "Pune", "IN", "+91 20 5550106"),
)
