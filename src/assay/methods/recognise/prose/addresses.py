"""Postal addresses inside running text: a street with its number, and the town after it.

A street is told by words that are hardly anything else (``Street``, ``-straße``, ``rue de``, ``ul.``), written as an address writes
them; one by words that other things have too (``Hill``, ``View``) only before a town with its postal code, or after ``lives at``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİŁŃŇŌŐŒŘŚŞŠŢŤŪŮŰŹŻŽȘȚ"
_CAP = rf"[{_UP}][\w'’.-]{{0,30}}"
_LINK = r"(?:de|del|della|dei|degli|delle|di|do|da|dos|das|du|des|la|le|les|los|las|el|l['’]|d['’]|y|e|et|sur|sous|en|am|an|der|den|im|bei|van|op|aan|het|in|of|the|nad|pod|i|ad|a) ?"
_NAME = rf"(?:{_LINK}){{0,3}}(?:{_CAP}|\d{{1,2}})(?: (?:{_LINK}){{0,3}}{_CAP}){{0,4}}"
_NUMBER = r"(?:n[º°.o]{0,2} ?|nr\.? ?)?\d{1,5}(?: ?[a-zA-Z](?![\w'’]))?(?: ?[-/] ?\d{1,4}[a-z]?)?(?: (?:bis|ter)\b)?"
_ENGLISH = "Street|Road|Avenue|Lane|Drive|Boulevard|Court|Square|Terrace|Parkway|Crescent|Mews|Highway|Rd\\.?|Ave\\.?|Blvd\\.?|Ln\\.?|St\\.?"
_ALSO_ENGLISH = (
    "Close|Row|Walk|Grove|Gardens|Hill|Hills|Circle|Trail|Place|Way|Dr\\.?|Ct\\.?|Pl\\.?|Route|Loop|Plaza|Alley|Heights|Manor|Meadows?|Mount|Knolls?|Islands?|Junctions?|"
    "Keys?|Lakes?|Lights?|Locks|Lodge|Mall|Mills?|Motorway|Neck|Orchard|Oval|Parks?|Pass|Passage|Path|Pike|Pines?|Plains?|Points?|Ports?|Prairie|Radial|Ramp|Ranch|Rapids?|"
    "Rest|Ridges?|Rivers?|Run|Shoals?|Shores?|Skyway|Springs?|Spurs?|Station|Stravenue|Stream|Summit|Throughway|Trace|Track|Trafficway|Tunnel|Turnpike|Underpass|Unions?|"
    "Valleys?|Via|Viaduct|Views?|Villages?|Ville|Vista|Walks|Wall|Wells?|Bypass|Burgs?|Bridge|Branch|Bend|Beach|Bayou|Camp|Canyon|Cape|Causeway|Centers?|Cliffs?|Club|"
    "Common|Corners?|Course|Cove|Coves|Creek|Crest|Crossing|Crossroad|Curve|Dale|Dam|Divide|Drives|Estates?|Expressway|Extensions?|Falls?|Ferry|Fields?|Flats?|Fords?|"
    "Forest|Forges?|Forks?|Fort|Freeway|Garden|Gateway|Glens?|Greens?|Groves|Harbors?|Haven|Hollow|Inlet|Isle|Squares|Streets|Roads|Circles|Courts|Brooks?|Landing|Bluffs?|Bottom"
)
_GERMANIC = (
    r"(?:straße|strasse|str\.|gasse|platz|allee|weg|ring|ufer|damm|steig|gässchen|chaussee|promenade|zeile|straat|laan|plein|gracht|kade|dijk|singel|hof|steeg|pad|dreef|baan|"
    r"boulevard|plantsoen|gatan|vägen|gade|vej|katu)"
)
_ROMANCE_LAST = (
    r"Calle|C/|C\.|Avenida|Avda\.?|Av\.|Paseo|Plaza|Camino|Ronda|Carrer|Rambla|Glorieta|Pasaje|Cuesta|Vial|Callejón|Acceso|Alameda|Cañada|Urbanización|Calzada|Circuito|Privada|Prolongación|Boulevard|Eje vial|Diagonal|Andador|Corredor|Peatonal|Retorno|Viaducto|Cerrada|Periférico|Continuación|Ampliación|"
    r"Via|Viale|Piazza|Corso|Largo|Vicolo|Strada|Contrada|Piazzale|Borgo|Rotonda|Canale|Stretto|Incrocio|"
    r"Rua|R\.|Travessa|Praça|Estrada|Rodovia|Ladeira|Viela|Quinta|Beco|Av|Praceta|Vila|Parque|Trevo|Viaduto|Morro|Sítio|Núcleo|Loteamento|Lagoa|Fazenda|Feira|Favela|Esplanada|Conjunto|Condomínio|Colônia|Chácara|Campo|Aeroporto|Área|Jardim|Lago|Recanto|Residencial|Setor|Vale|Vereda|Via|Passarela|Pátio|Distrito|Estação"
)
_FRENCH = r"(?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Bb]d\.?|[Aa]llée|[Cc]hemin|[Pp]lace|[Ii]mpasse|[Qq]uai|[Cc]ours|[Pp]assage|[Rr]oute|[Ss]quare|[Vv]illa)"
_FLAT = r"(?:,? (?:Apt|Suite|Unit|Flat|Floor|Top|App|Apto|Piso|Interno|Appartamento|Bloco|Lote|Edif|Edificio|studio|m|lok)\.? ?[\w/-]{1,8}(?: ?,? ?(?:Piso|Escala|Puerta) ?\w{1,5})?)?"
_CODE = r"(?:[A-Z]{1,2}-)?(?:\d{2}-\d{3}|\d{4}-\d{3}|\d{5}-\d{3}|\d{5}(?:-\d{4})?|\d{4}(?: ?[A-Z]{2})?|\d{3} \d{2})"
_UK = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_TOWN = rf"{_CAP}(?:[ -](?:{_LINK}){{0,3}}{_CAP}){{0,3}}"
_TAIL = rf"(?:(?:,|;| -)? ?{_CODE},? {_TOWN}(?: \([A-Z]{{2}}\))?|,? {_TOWN},? (?:[A-Z]{{2}},? )?(?:{_UK}|\d{{5}}(?:-\d{{4}})?)\b|,? (?:{_UK}|{_CODE})(?![\w-]))"

SIEVE = r"[A-ZÀ-ɏ][^0-9]*[ ,.][0-9]|[0-9].* [A-ZÀ-ɏa-z]"  # a number after or before a word
_SURE = re.compile(
    rf"(?<![\w.,#/-])(?:"
    rf"\d{{1,5}}[A-Za-z]?,? (?:[NSEW]\.? )?(?:{_CAP} ){{1,3}}(?:{_ENGLISH})(?![\w'’])"
    rf"|[{_UP}][\w-]{{1,40}}{_GERMANIC} {_NUMBER}"
    rf"|[{_UP}][\w.-]{{1,30}}(?:[ -][{_UP}][\w.-]{{1,30}}){{0,3}}[ -](?:Straße|Strasse|Str\.|Gasse|Platz|Allee|Weg|Ring|Ufer|Damm|laan|straat|Laan|Straat) {_NUMBER}"
    rf"|\d{{1,4}}(?: ?(?:bis|ter))?,? {_FRENCH} {_NAME}"
    rf"|(?:{_ROMANCE_LAST}) {_NAME},? {_NUMBER}"
    rf"|(?:ul\.|al\.|pl\.|os\.|ulica|ulicy|aleja|alei|plac|osiedle) ?{_NAME} {_NUMBER}"
    rf"){_FLAT}(?:{_TAIL})?"
)
_TOWNED = re.compile(
    rf"(?<![\w.,#/-])(?:"
    rf"\d{{1,5}}[A-Za-z]?,? (?:{_CAP} ){{1,4}}(?:{_ALSO_ENGLISH})(?![\w'’])"
    rf"|(?:Am|An der|An den|Auf dem|Auf der|Im|In der|In den|Zum|Zur|Unter den|Hinter der|De|Het|Op) {_CAP}(?: {_CAP})? {_NUMBER}"
    rf"|{_CAP}(?: {_CAP}){{0,2}} {_NUMBER}"
    rf"){_FLAT}{_TAIL}"
)
_PLACED = re.compile(
    rf"(?<![\w.,#/-])\d{{1,5}}[A-Za-z]?,? (?:{_CAP} ){{1,4}}(?:{_ALSO_ENGLISH})(?![\w'’]){_FLAT}(?:{_TAIL})?"
)
_LIVES = re.compile(
    r"(?:\b(?:lives?|living|lived|resid\w+|moved|rent|flat|house|address|deliver\w*|visit\w*|located|ship)\b[^.!?]{0,40}?\b(?:at|to|from|for|is|in)|address:?|at|of) $",
    re.IGNORECASE,
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Give where each address begins and ends; of two that overlap the one that begins first, and then the longer."""
    found = [m.span() for pattern in (_SURE, _TOWNED) for m in pattern.finditer(text)]
    found += [
        m.span() for m in _PLACED.finditer(text) if _LIVES.search(text, max(0, m.start() - 60), m.start())
    ]
    end = 0
    for start, stop in sorted(found, key=lambda s: (s[0], -s[1])):
        if start >= end:
            stop = start + len(text[start:stop].rstrip(" ,.;-"))
            yield start, stop
            end = stop
