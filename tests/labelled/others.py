"""The held-out columns: another generator's people (Faker), in other languages, under other headers, with another seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from labelled.make import Column

# locale: the headers of name, first name, last name, address, phone, e-mail; "" where the column is left out
HEADS: dict[str, tuple[str, str, str, str, str, str]] = {
    "en_US": ("client", "fname", "lname", "mailing_address", "telephone", "email_addr"),
    "en_GB": ("insured_person", "forename", "family_name", "residence", "contact_number", "work_email"),
    "de_DE": ("Ansprechpartner", "Rufname", "Familienname", "Anschrift", "Tel.", "Mailadresse"),
    "de_AT": ("Patient", "vorname", "zuname", "Wohnadresse", "Mobil", "e_mail"),
    "fr_FR": ("titulaire", "prenom", "nom", "adresse_postale", "tél_domicile", "adresse_mail"),
    "es_ES": ("cliente", "nombre_pila", "primer_apellido", "domicilio", "tlf", "correo"),
    "es_MX": ("paciente", "nombres", "apellido_paterno", "direccion_envio", "celular", "email_contacto"),
    "it_IT": ("intestatario", "nome", "cognome", "residenza", "tel_casa", "posta_elettronica"),
    "pt_BR": ("titular", "primeiro_nome", "sobrenome", "logradouro", "fone", "e-mail"),
    "nl_NL": ("klant", "voornaam", "achternaam", "woonadres", "telefoonnummer", "mailadres"),
    "pl_PL": ("imie_nazwisko", "imie", "nazwisko_rodowe", "adres_zamieszkania", "nr_telefonu", "adres_email"),
    "sv_SE": ("kundnamn", "förnamn", "efternamn", "gatuadress", "mobilnummer", "epost"),
    "da_DK": ("navn", "fornavn", "efternavn", "adresse", "tlf_nr", "mail_adresse"),
    "fi_FI": ("asiakas", "etunimi", "sukunimi", "osoite", "puhelin", "sähköposti"),
    "cs_CZ": ("zakaznik", "jmeno", "prijmeni", "ulice", "telefon", "email2"),
    "tr_TR": ("müşteri_adı", "isim", "soyadı", "adres", "cep_telefonu", "eposta"),
    "ru_RU": ("клиент", "имя", "фамилия", "адрес_доставки", "мобильный", "почта"),
    "uk_UA": ("піб", "ім'я", "прізвище", "адреса", "номер_телефону", "електронна_пошта"),
    "el_GR": ("ονοματεπώνυμο", "όνομα", "επώνυμο", "διεύθυνση", "τηλέφωνο", "ηλ_ταχυδρομείο"),
    "ja_JP": ("お名前", "名前", "苗字", "ご住所", "電話", "mail"),
    "zh_CN": ("客户姓名", "名字", "姓氏", "联系地址", "联系电话", "电子邮件"),
    "ko_KR": ("고객명", "", "성", "주소", "휴대폰", "이메일"),
    "ar_AA": ("اسم_العميل", "الاسم_الأول", "اسم_العائلة", "", "", "البريد"),
    "hi_IN": ("पूरा नाम", "पहला नाम", "उपनाम", "", "फ़ोन", "ईमेल"),
    "en_IN": ("applicant_name", "given_name", "family", "home_addr", "mob", "emailid"),
    "hu_HU": ("ügyfél", "keresztnév", "vezetéknév", "lakcím", "telefonszám", "mail_cim"),
    "ro_RO": ("nume_complet", "prenume", "nume_familie", "adresa", "nr_tel", "mail_client"),
}  # fmt: skip
IDS = {
    "en_US": "social_sec_no", "en_GB": "nino", "en_CA": "sin_number", "de_DE": "Rentenversicherungsnr", "fr_FR": "nir", "es_ES": "nif", "it_IT": "cod_fisc", "pt_BR": "CPF_cliente", "nl_NL": "burgerservicenummer", "pl_PL": "nr_pesel",
    "sv_SE": "pnr", "fi_FI": "henkilotunnus", "no_NO": "personnr", "da_DK": "cpr", "et_EE": "isikukood_nr", "tr_TR": "tckn", "zh_CN": "身份证", "ko_KR": "주민번호", "ro_RO": "cod_numeric_personal", "hr_HR": "oib_broj", "bg_BG": "egn", "el_GR": "", "hu_HU": "", "lv_LV": "personas_kods", "pt_PT": "", "es_CL": "rut_cliente", "es_CO": "", "he_IL": "", "en_ZA": "", "lt_LT": "asmens_kodas",
}  # fmt: skip


def columns(seed: int, rows: int) -> list[Column]:
    """Return all of them."""
    from faker import Faker

    out: list[Column] = []

    def add(table: str, name: str, draw: Callable[[], Any], kind: str, *other: str) -> None:
        out.append(Column(name, [draw() for _ in range(rows)], kind, table, other))

    for locale, heads in HEADS.items():
        fake = Faker(locale)
        fake.seed_instance(seed)
        makers = (
            fake.name,
            fake.first_name,
            fake.last_name,
            lambda f=fake: f.address().replace("\n", ", "),
            fake.phone_number,
            fake.safe_email,
        )
        kinds = ("name", "name", "name", "address", "phone", "email")
        for head, make, kind in zip(heads, makers, kinds, strict=True):
            if head:
                add(locale, head, make, kind)
        add(locale, f"{locale}_firma", fake.company, "")
        add(locale, f"{locale}_town", fake.city, "")
    for locale, head in IDS.items():
        if not head:
            continue
        fake = Faker(locale)
        fake.seed_instance(seed)
        kind = "ssn" if locale == "en_US" else "national_id"
        add("ids", head, fake.ssn, kind, "ssn", "national_id")
    fake = Faker("en_US")
    fake.seed_instance(seed)
    r = random.Random(seed)
    for table, specs in (("sensitive", _sensitive(fake, r)), ("plain", _plain(fake, r))):
        for name, draw, kind in specs:
            add(table, name, draw, kind)
    return out


def _sensitive(fake: Any, r: random.Random) -> Iterator[tuple[str, Callable[[], Any], str]]:
    yield "v01", fake.email, "email"
    yield "v02", fake.ipv4_public, "ip"
    yield "v03", fake.ipv6, "ip"
    yield "v04", fake.mac_address, "mac"
    yield "v05", fake.iban, "iban"
    yield "v06", lambda: fake.credit_card_number("visa16"), "card"
    yield "v07", lambda: fake.credit_card_number("amex"), "card"
    yield "v08", fake.uri, "url"
    yield "v09", fake.ssn, "ssn"
    yield "v10", fake.name, "name"
    yield "v11", lambda: fake.street_address(), "address"
    yield "v12", lambda: fake.aba(), "bank_account"
    yield "payment_card_pan", lambda: int(fake.credit_card_number("mastercard")), "card"
    yield "source_host", fake.ipv4_private, "ip"
    yield "bssid", lambda: fake.mac_address().upper(), "mac"
    yield "bank_iban", fake.iban, "iban"
    yield "bban", fake.bban, "bank_account"
    yield "bic_code", fake.swift, "bank_account"
    yield "born_on", lambda: fake.date_of_birth().isoformat(), "birth_date"
    yield "DOB_text", lambda: fake.date_of_birth().strftime("%b %d, %Y"), "birth_date"
    yield "jahrgang_geburt", lambda: fake.date_of_birth().year, "birth_date"
    yield "zip_code", fake.zipcode, "postal_code"
    yield "postal", lambda: Fake_ca(r), "postal_code"
    yield "username", fake.user_name, "username"
    yield "screen_name", fake.user_name, "username"
    yield "pwd", fake.password, "credential"
    yield "client_secret", lambda: fake.sha256()[:40], "credential"
    yield "passport_number", fake.passport_number, "passport"
    yield "travel_document", fake.passport_number, "passport"
    yield "license_plate", fake.license_plate, "vehicle"
    yield "vehicle_vin", fake.vin, "vehicle"
    yield "latitude", lambda: float(fake.latitude()), "coordinates"
    yield "lng", lambda: float(fake.longitude()), "coordinates"
    yield "location", lambda: f"{fake.latitude()},{fake.longitude()}", "coordinates"
    yield "website", fake.url, "url"
    yield "drivers_license_number", lambda: fake.bothify("?#######").upper(), "licence"
    yield (
        "faith",
        lambda: r.choice(["Christian", "Islam", "Hinduism", "Judaism", "None", "Buddhism"]),
        "religion",
    )
    yield (
        "ethnic_group",
        lambda: r.choice(["Bangladeshi", "White British", "Black Caribbean", "Pakistani", "Any other"]),
        "ethnicity",
    )
    yield "party_affiliation", lambda: r.choice(["Democrat", "Republican", "Libertarian", "None"]), "politics"
    yield "orientation_sexual", lambda: r.choice(["gay", "hetero", "bi", "unknown"]), "orientation"
    yield (
        "primary_diagnosis",
        lambda: r.choice(["Stroke", "Pneumonia", "Sepsis", "Heart failure", "Angina"]),
        "health",
    )
    yield (
        "disease",
        lambda: r.choice(["malaria", "tuberculosis", "covid-19", "influenza", "measles"]),
        "health",
    )
    yield "smoker_status_medical_history", lambda: r.choice(["hypertension", "none", "diabetes"]), "health"
    yield "medical_record_number", lambda: fake.bothify("??######").upper(), "medical_id"
    yield "insurance_member_id", lambda: fake.bothify("???#########").upper(), "medical_id"
    yield "eth_wallet", lambda: "0x" + fake.sha1(), "crypto"
    yield "secret_key", lambda: fake.password(40, special_chars=False), "credential"
    yield "union_membership", lambda: r.choice(["member", "non-member"]), "union"
    yield "dna_sequence", lambda: "".join(r.choice("ACGT") for _ in range(30)), "genetic"
    yield "iris_scan_hash", fake.sha1, "biometric"
    yield "device_serial_imei", lambda: "35" + fake.numerify("#############"), "device_id"
    yield "customer full name", fake.name, "name"
    yield "Passenger", lambda: fake.name().upper(), "name"
    yield "beneficiary", fake.name, "name"
    yield "mothers_maiden_name", fake.last_name, "name"
    yield "next_of_kin", fake.name, "name"
    yield "tutor", fake.name, "name"


def Fake_ca(r: random.Random) -> str:
    """Return a Canadian postal code."""
    letters = "ABCEGHJKLMNPRSTVXY"
    return f"{r.choice(letters)}{r.randint(0, 9)}{r.choice(letters)} {r.randint(0, 9)}{r.choice(letters)}{r.randint(0, 9)}"


def _plain(fake: Any, r: random.Random) -> Iterator[tuple[str, Callable[[], Any], str]]:
    for name, draw in {
        "n01": fake.company, "n02": fake.catch_phrase, "n03": fake.job, "n04": fake.city, "n05": fake.country, "n06": fake.state, "n07": fake.ean13, "n08": fake.ean8, "n09": fake.isbn13, "n10": fake.isbn10, "n11": fake.uuid4, "n12": fake.md5, "n13": fake.sha1, "n14": fake.sha256,
        "n15": lambda: fake.date(), "n16": fake.time, "n17": lambda: fake.iso8601(), "n18": fake.unix_time, "n19": fake.color_name, "n20": fake.hex_color, "n21": fake.currency_code, "n22": fake.file_name, "n23": fake.file_path, "n24": fake.mime_type, "n25": fake.word, "n26": fake.sentence,
        "n27": fake.paragraph, "n28": fake.language_name, "n29": fake.month_name, "n30": fake.day_of_week, "n31": fake.bs, "n32": lambda: fake.numerify("###-####-###"), "n33": lambda: fake.bothify("??-####"), "n34": lambda: fake.numerify("v#.#.#"), "n35": lambda: fake.numerify("%.#.##.#"), "n36": lambda: fake.pyfloat(2, 3), "n37": lambda: fake.pyint(), "n38": lambda: fake.random_number(9, True), "n39": lambda: fake.random_number(11, True), "n40": lambda: fake.random_number(16, True),
        "department_name": lambda: r.choice(["Human Resources", "Finance", "Legal"]), "event_name": lambda: f"{fake.city()} Festival", "school_name": lambda: f"{fake.last_name()} High School", "street_lighting_kwh": fake.pyint, "bank_name": lambda: f"{fake.last_name()} Bank", "airport": lambda: f"{fake.last_name()} International", "law_firm": fake.company, "birth_rate": lambda: fake.pyfloat(1, 2, True), "phone_brand": lambda: r.choice(["Nokia", "Apple"]), "mailing_list_size": fake.pyint,
        "emails_sent": fake.pyint, "ip_rating": lambda: r.choice(["IP67", "IP54"]), "mac_os_version": lambda: fake.numerify("1#.#.#"), "card_color": fake.color_name, "url_depth": lambda: r.randint(1, 9), "passport_required": lambda: r.choice(["Y", "N"]), "license_type": lambda: r.choice(["MIT", "Apache-2.0", "GPL-3.0"]), "health_check_status": lambda: r.choice(["up", "down"]), "password_policy": lambda: r.choice(["strict", "default"]), "token_count": fake.pyint, "key": lambda: fake.word(), "secret_santa_budget": fake.pyint,
        "account_balance": lambda: fake.pyfloat(4, 2, True), "tax_rate": lambda: r.choice([0.07, 0.19]), "national_dish": fake.word, "id": lambda: r.randint(1, 10**6), "row_id": lambda: r.randint(10**8, 10**9), "parcel_id": lambda: fake.numerify("##-###-###-####"), "flight_no": lambda: fake.bothify("??####").upper(), "barcode": fake.ean13, "checksum": fake.md5, "revision": lambda: fake.numerify("r#####"), "part_number": lambda: fake.bothify("##?-####-##").upper(), "transaction_ref": lambda: fake.bothify("TX##########"), "model_name": lambda: r.choice(["Corolla", "Astra", "Mercedes A", "Focus"]), "published": lambda: fake.date(), "hire_date": lambda: fake.date(), "birthstone": lambda: r.choice(["ruby", "opal"]),
        "horse_name": lambda: f"{fake.color_name()} {fake.word()}", "wine": lambda: r.choice(["Chardonnay", "Merlot", "Riesling"]), "latency": lambda: fake.pyfloat(2, 4, True), "score_lat_norm": lambda: fake.pyfloat(1, 6), "position": lambda: r.randint(1, 30), "orientation": lambda: r.choice(["portrait", "landscape"]), "race_distance_km": lambda: r.choice([5, 10, 42]), "party_date": lambda: fake.date(), "union_size": fake.pyint, "gene_count": fake.pyint, "patient_count": fake.pyint, "disease_free": lambda: r.choice([0, 1]), "username_length": lambda: r.randint(3, 12), "user_agent": fake.user_agent, "domain": fake.domain_name, "tld": lambda: r.choice(["com", "org"]), "slug": fake.slug, "emoji": lambda: r.choice("😀😎"), "gps_quality": lambda: r.randint(0, 5),
        "timezone": fake.timezone, "locale": fake.locale, "invoice_no": lambda: fake.numerify("2024#########"), "container_no": lambda: fake.bothify("????#######").upper(), "lot": lambda: fake.numerify("#########"), "gtin": lambda: fake.ean13(), "review": fake.sentence, "title": lambda: fake.sentence(3), "stock_symbol": lambda: fake.lexify("???").upper(), "cost_center": lambda: fake.numerify("####-###"), "gl_account": lambda: fake.numerify("######"), "weight_kg": lambda: fake.pyfloat(2, 1, True), "duration_s": fake.pyint, "version_string": lambda: fake.numerify("#.##.#-rc#"),
    }.items():  # fmt: skip
        yield name, draw, ""
