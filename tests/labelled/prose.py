"""Sentences with people's names and postal addresses inside, and ones that only look so, in eight languages. Invented people.

`held_out` was written before the recogniser and draws Faker's people, from other countries too; `looked_at` is what it was
made with, and draws from lists of its own. Each sentence that has a mark is drawn ``draws`` times.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
FOLDER = Path(__file__).parent / "prose"
_MARK = re.compile(r"\{([pgfirusa])\}|\[([^]]+)\]|<([^>]+)>")


class Sentence(NamedTuple):
    """A text, its language, and where names and addresses stand: (kind, start, stop)."""

    language: str
    text: str
    spans: tuple[tuple[str, int, int], ...]


class Person(NamedTuple):
    """Who is drawn for a mark."""

    given: str
    family: str


Drawing = Callable[[random.Random, str], tuple[Person, str, str]]  # a person, a street, an address


def looked_at(draws: int = 2) -> list[Sentence]:
    """Return the sentences that the recogniser was made with."""
    return _sentences("looked_at.txt", 1, draws, _ours)


def held_out(draws: int = 2) -> list[Sentence]:
    """Return the sentences that it was not."""
    return _sentences("held_out.txt", 2027, draws, _faker())


def _sentences(file: str, seed: int, draws: int, drawing: Drawing) -> list[Sentence]:
    out = []
    for line in (FOLDER / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        language, _, mould = line.partition("\t")
        many = draws if "{" in mould else 1
        out += [_sentence(language, mould, random.Random(f"{seed}/{line}/{k}"), drawing) for k in range(many)]
    return out


def _sentence(language: str, mould: str, r: random.Random, drawing: Drawing) -> Sentence:
    parts: list[str] = []
    spans: list[tuple[str, int, int]] = []
    end = size = 0
    for mark in _MARK.finditer(mould):
        person, street, address = drawing(r, language)
        given, family = person
        said = {
            "p": f"{given} {family}", "g": given, "f": family, "i": f"{given[0]}. {family}", "r": f"{family}, {given}",
            "u": f"{given} {family}".upper(), "s": street, "a": address,
        }  # fmt: skip
        before = mould[end : mark.start()]
        held = said[mark[1]] if mark[1] else mark[2] or mark[3]
        kind = "address" if mark[1] in ("s", "a") or mark[3] else "name"
        size += len(before)
        if (
            spans and kind == "name" == spans[-1][0] and before == " "
        ):  # a given and a family name: one person
            spans[-1] = (kind, spans[-1][1], size + len(held))
        else:
            spans.append((kind, size, size + len(held)))
        size += len(held)
        parts += [before, held]
        end = mark.end()
    return Sentence(language, "".join([*parts, mould[end:]]), tuple(spans))


_POOLS = {
    "en": ("Alice Derek Harriet Gareth Imogen Clive Rosalind Trevor Nigel Philippa Marcus Joyce Mary-Anne Declan Thandiwe Zebulon", "Whitcombe Ashdown Okafor Pritchard Langley Thornbury Hargreaves Mistry Dunmore Fairclough Tennant Boyle O'Rourke McAllister Quillfeather St_Clair Ravensdale-Okoro"),
    "de": ("Ulrike Jürgen Annegret Torsten Heike Detlef Gudrun Matthias Sabine Holger Lieselotte Kai Hans-Peter Ayşe Wiebke Leberecht", "Hagedorn Brinkmann Vogelsang Kühnert Lindemann Petersen Özdemir Rademacher Wittke Schönfeld Baumgart Ehlers von_Hohenfels Müller-Wendt Zwiesler D'Angelo van_Laak"),
    "fr": ("Mathilde Thierry Solène Bastien Ghislaine Yannick Corinne Jean-Luc Aurélie Fabrice Noémie Loïc Marie-Claude Amadou Enguerrand Zoé", "Delacroix Bonnefoy Lemoine Chevallier Garnier Benali Rousselot Marchand Le_Goff Dupuis Vasseur Perrin de_la_Tour Le_Quéré d'Arcy Traoré Vanhoutte"),
    "es": ("Lucía Íñigo Marisol Gonzalo Itziar Álvaro Remedios Borja Nuria Eusebio Ainhoa Jacinto María_José Iñaki Aldonza Xiana", "Echevarría Montoya Barrientos Quiroga Ibáñez Peñalver Castellanos Del_Río Villaverde Zamora Heredia Otero de_la_Cruz García_Ledesma Etxeberria de_los_Ríos Urrutikoetxea"),
    "it": ("Giuliana Ettore Federica Saverio Ornella Tommaso Ludovica Gennaro Fiorella Massimo Ilaria Renzo Maria_Grazia Gian_Marco Ginevra Calogero", "Brambilla Esposito Cattaneo Lo_Bianco Marchetti De_Santis Pellegrini Fumagalli Caruso Zanetti Orlando Mancini D'Amico Della_Valle Dall'Oglio Di_Stefano Sgarbossa"),
    "pt": ("Conceição Rui Beatriz Vasco Tatiane Joaquim Inês Wellington Fátima Duarte Luzia Edson Ana_Paula João_Pedro Ubirajara Severina", "Figueiredo Carvalho Nogueira Teixeira Vasconcelos Brandão Meireles da_Costa Pacheco Quintela Moura Azevedo dos_Santos Souza_Lima de_Oliveira Albuquerque Bittencourt"),
    "nl": ("Marieke Sjoerd Annelies Wouter Femke Gijs Hanneke Maarten Ingeborg Ruben Saskia Joost Jan-Willem Fenna Roderik Tjalling", "van_den_Berg Hoekstra Kuipers de_Wit Zijlstra Verhoeven Dekker ter_Horst Postma Schouten Brouwer Dijkstra van_der_Heijden de_Jong 't_Hart Zwiggelaar op_den_Kamp"),
    "pl": ("Agnieszka Zbigniew Grażyna Sławomir Jolanta Krzysztof Wioletta Paweł Beata Mirosław Halina Rafał Anna_Maria Bożydar Ludomira Szczęsny", "Wójcik Lewandowski Dąbrowska Szymański Wieczorek Jabłoński Krawczyk Piotrowska Zając Michalak Sikora Ostrowska Wójcik-Nowak Brzęczyszczykiewicz Gołąb Mazur Pietrzykowska"),
}  # fmt: skip
_STREETS = {
    "en": ("14 Orchard Lane, Leeds LS6 2AB", "2210 Maple Street, Springfield, IL 62704", "7 Station Road, York YO1 7HH"),
    "de": ("Lindenstraße 12, 50674 Köln", "Am Mühlbach 3, 83022 Rosenheim", "Goethestr. 45a, 04109 Leipzig"),
    "fr": ("12 rue de la Paix, 75002 Paris", "3 bis avenue des Tilleuls, 69003 Lyon", "27 allée du Moulin, 35000 Rennes"),
    "es": ("Calle Mayor 14, 28013 Madrid", "Avenida de la Paz 3, 41013 Sevilla", "C/ Olmo 22, 46003 Valencia"),
    "it": ("Via Roma 21, 20121 Milano", "Corso Garibaldi 5, 80142 Napoli", "Viale dei Tigli 8, 00165 Roma"),
    "pt": ("Rua das Flores 120, 4050-262 Porto", "Avenida Brasil 45, 01430-001 São Paulo", "Travessa do Carmo 7, 1200-095 Lisboa"),
    "nl": ("Dorpsstraat 8, 1012 AB Amsterdam", "Kerklaan 23, 3581 KV Utrecht", "Beukenweg 5b, 9711 LM Groningen"),
    "pl": ("ul. Długa 12, 00-950 Warszawa", "ul. Polna 3/7, 31-016 Kraków", "al. Jana Pawła II 24, 50-001 Wrocław"),
}  # fmt: skip


def _ours(r: random.Random, language: str) -> tuple[Person, str, str]:
    given, family = _POOLS[language]
    person = Person(*(r.choice(names.split()).replace("_", " ") for names in (given, family)))
    address = r.choice(_STREETS[language])
    return person, address.partition(",")[0], address


_LOCALES = {
    "en": ("en_US", "en_GB"), "de": ("de_DE", "de_AT"), "fr": ("fr_FR",), "es": ("es_ES", "es_MX"), "it": ("it_IT",),
    "pt": ("pt_BR", "pt_PT"), "nl": ("nl_NL",), "pl": ("pl_PL",),
}  # fmt: skip
_ABROAD = ("tr_TR", "en_IN", "sv_SE", "cs_CZ", "ro_RO", "hr_HR")


def _faker() -> Drawing:
    from faker import Faker

    makers = {locale: Faker(locale) for locales in [*_LOCALES.values(), _ABROAD] for locale in locales}

    def draw(r: random.Random, language: str) -> tuple[Person, str, str]:
        home = makers[r.choice(_LOCALES[language])]
        fake = makers[r.choice(_ABROAD)] if r.random() < 0.15 else home
        for one in (home, fake):
            one.seed_instance(r.randrange(10**9))
        person = (
            Person(fake.first_name_female(), fake.last_name_female())
            if r.random() < 0.5
            else Person(fake.first_name_male(), fake.last_name_male())
        )
        street = home.street_address().replace("\n", ", ")
        return person, street, f"{street}, {home.postcode()} {home.city()}"

    return draw
