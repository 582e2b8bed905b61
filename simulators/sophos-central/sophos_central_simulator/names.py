"""Given and family names in many languages, and how they are spelt in an address."""

# ruff: noqa: RUF001 - letters that look alike are what this file is about
import unicodedata
from dataclasses import dataclass

# A word is a name as people write it; after a slash, how it is spelt in Latin letters.
_WRITTEN = (
    (
        "Emma Noah Olivia Liam Grace Jack Amelia Oscar Ruby Callum Hannah Ethan Chloe Dylan Sarah Owen",
        "Smith Jones Taylor O'Neill Wilson Murphy Evans Hughes Walker Wright Clarke Bennett Hill Foster Reid Burke",
    ),
    (
        "Jürgen Anke Lukas Käthe Matthias Heike Günter Saskia Björn Ulrike Felix Sabine",
        "Müller Weiß Schröder Köhler Vogel Krämer Böhm Jäger Schäfer Groß Neumann Lehmann",
    ),
    (
        "Chloé Anaïs Renée Théo Léa François Hélène Loïc Mathilde Étienne Zoë Gaël",
        "Dubois Lefèvre Moreau Girard Bonnet Françon Gauthier Béranger Chevalier Mercier Noël Rivière",
    ),
    (
        "José Beatriz Tomás Lucía Íñigo Marisol Álvaro Ximena Joaquín Inés Núria Raúl",
        "García Fernández Núñez Muñoz Ibáñez Peña Domínguez Cortés Rincón Vázquez Ordóñez Zúñiga",
    ),
    (
        "João Inês Gonçalo Mariana Thiago Conceição Luísa Caetano",
        "Conceição Gonçalves Araújo Brandão Magalhães Simões Guimarães Falcão",
    ),
    ("Mario Chiara Niccolò Giulia Matteo Ilaria Davide Noemi", "Rossi D'Angelo Esposito Ferrari Colombo Greco Marino Lombardi"),
    (
        "Łucja Mateusz Zofia Wojciech Agnieszka Paweł Małgorzata Grzegorz",
        "Żak Kowalski Wiśniewski Dąbrowska Łukasik Święty Zając Wójcik",
    ),
    (
        "Ivana Ondřej Zdeněk Šárka Tomáš Růžena Ján Ľubica",
        "Dvořák Novák Čermák Šťastný Říha Kučera Žižka Ďurica",
    ),
    (
        "Søren Ingrid Åse Lars Bjørn Maja Håkon Sigrún Þóra Väinö",
        "Jensen Ångström Sørensen Bjørk Lindqvist Nygård Hämäläinen Øvergaard Þorsson Åkesson",
    ),
    (
        "Ayşe Çağla İbrahim Gülşen Ömer Işıl Ece Doğan",
        "Yılmaz Öztürk Çelik Şahin Kılıç Güneş Ağaoğlu Işık",
    ),
    (
        "Minh Nguyên Thảo Đức Hương Quỳnh Tuấn Lệ",
        "Nguyễn Trần Phạm Đặng Võ Bùi Hoàng Lý",
    ),
    (
        "Priya Arjun Meera Rohan Ananya Vikram Kavya Imran",
        "Patel Sharma Iyer Banerjee Reddy Chatterjee Kapoor Siddiqui",
    ),
    (
        "Amara Kofi Chidi Zainab Thabo Ngozi Kwame Wanjirũ",
        "Okafor Mensah Adéyẹmí Nkosi Mwangi Diallo Achebe Owusu",
    ),
    (
        "Дмитрий/dmitri Ольга/olga Сергей/sergei Оксана/oksana Іван/ivan Мілена/milena",
        "Петров/petrov Шевченко/shevchenko Іваненко/ivanenko Соколов/sokolov Јовановић/jovanovic Тарасюк/tarasiuk",
    ),
    (
        "Ελένη/eleni Γιώργος/giorgos Σοφία/sofia Νίκος/nikos",
        "Παπαδόπουλος/papadopoulos Νικολάου/nikolaou Βασιλείου/vasileiou Οικονόμου/oikonomou",
    ),
    (
        "فاطمة/fatima عمر/omar ليلى/layla حسن/hassan",
        "حداد/haddad منصور/mansour خوري/khoury النجار/najjar",
    ),
    ("נועה/noa יונתן/yonatan תמר/tamar אורי/uri", "כהן/cohen לוי/levi מזרחי/mizrahi פרץ/peretz"),
    (
        "伟/wei 芳/fang 秀英/xiuying 美/mei 浩然/haoran 子涵/zihan",
        "王/wang 李/li 欧阳/ouyang 陈/chen 刘/liu 司马/sima",
    ),
    (
        "愛子/aiko 結衣/yui 健太/kenta さくら/sakura 翔/sho",
        "佐藤/sato 中村/nakamura 伊藤/ito 渡辺/watanabe 髙橋/takahashi",
    ),
    ("서연/seoyeon 민준/minjun 지우/jiwoo 하은/haeun", "김/kim 박/park 이/lee 최/choi"),
)
# Letters that Unicode does not take apart into a Latin letter and a mark.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "ı": "i", "þ": "th", "ð": "d", "œ": "oe"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written, and as it stands in an address (lower-case ASCII)."""

    written: str
    plain: str


def plain(name: str) -> str:
    """Return a name in lower-case ASCII letters and digits; empty when it has none."""
    taken_apart = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return "".join(letter for letter in taken_apart if letter.isalnum())


def _names(words: str) -> tuple[Name, ...]:
    parts = (word.partition("/") for word in words.split())
    return tuple(Name(written, latin or plain(written)) for written, _, latin in parts)


LANGUAGES = tuple((_names(given), _names(family)) for given, family in _WRITTEN)
"""Given names and family names of each language; a person's two come from one."""
EVERY_FAMILY_NAME = tuple(name for _, families in LANGUAGES for name in families)
