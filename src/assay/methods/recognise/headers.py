"""What a column's own name says of it: words of many languages for each kind of personal data, and words that say otherwise.

A phrase is matched at the borders of words; ``*`` at an end stands for the rest of a compound (``telefon*`` is in
``Telefonnummer``). Names in scripts without spaces are searched for anywhere. Accents do not count.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

_FOLDED = str.maketrans(
    {"ß": "ss", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "đ": "d", "'": "", "’": ""}
)

# A strong word is of this kind and no other; what a weak one means its values must say.
STRONG: dict[str, str] = {
    "name": """first name|firstname|fname|forename|given name|last name|lastname|lname|surname|family name|maiden name|full name|fullname
|middle name|customer name|client name|guest name*|patient name|employee name|contact name|person name|applicant name|passenger name|holder name|owner name
|next of kin|emergency contact|vorname*|nachname*|familienname*|zuname|rufname|geburtsname|ansprechpartner*|prenom*|nom de famille|nom complet|nom prenom
|nombre completo|nombre pila|nombres|apellido*|primer apellido|cognome|nome completo|nome e cognome|primeiro nome|sobrenome|apelido|imie|nazwisko*|imie nazwisko|imie i nazwisko
|voornaam|achternaam|fornamn|efternamn|fornavn|etternavn|efternavn|etunimi|sukunimi|jmeno|prijmeni|meno|priezvisko|keresztnev|vezeteknev|teljes nev|prenume|nume complet|nume familie|soyad*|ad soyad
|ad soyadi|фио|имя|фамилия|отчество|піб|ім я|імя|прізвище|ονοματεπωνυμο|ονομα|επωνυμο|氏名|姓名|お名前|名前|苗字|名字|姓氏|姓|名|客户姓名|성명|이름|고객명|성
|الاسم|اسم|الاسم الأول|اسم العميل|اسم العائلة|नाम|पूरा नाम|पहला नाम|उपनाम|שם|שם פרטי|שם משפחה|ชื่อ|họ tên""",
    "email": """email*|e mail*|mail|mails|mailadresse|mail address|mailaddress|courriel*|correo*|posta elettronica|epost*|e post*|eposta|sahkoposti|sposti|メール*|邮箱|邮件|电子邮件|电邮
|이메일|البريد*|ईमेल|почта|эл почта|електронна пошта|ηλ ταχυδρομειο|emailid|adres email|mail cim""",
    "phone": """phone*|telephone*|tel|tel nr|telno|mobile|mobile no|mobile number|mobileno|mob|cell|cellphone|cell phone|fax|fax no|whatsapp|contact number|contact no|telefon*|telefax|handy*|mobil|mobilnummer
|mobiltelefon|mobilnr|rufnummer|telephone fixe|portable|tlf*|telefono*|movil|celular|cellulare|fone|telemovel|telefoonnummer|telefonszam|puhelin*|kannykka|nr telefonu|nr tel|komorka|cep telefonu|cep tel
|телефон*|мобильный*|номер телефону|τηλεφωνο|κινητο|電話*|携帯*|手机*|电话*|联系电话|전화*|휴대폰*|핸드폰|الهاتف|رقم الهاتف|جوال|موبايل|मोबाइल|फ़ोन|फोन|दूरभाष|טלפון""",
    "address": """address*|addr|addr line*|address line*|street|street address|home address|mailing address|billing address|shipping address|residence|ship to|bill to|home addr|strasse*|anschrift|adresse*|wohnadresse
|wohnort strasse|rue|adresse postale|direccion*|domicilio|calle|indirizzo*|residenza|via|endereco*|morada|logradouro|rua|adres*|ulica|ulice|zamieszkania|woonadres|straat|gatuadress|gata|adress|osoite|lakcim|cim|adresa|strada
|адрес*|адреса|улица|вулиця|διευθυνση|住所|ご住所|地址|联系地址|주소|العنوان|عنوان|पता|כתובת""",
    "birth_date": """birth|birthdate|birth date|birthday|dob|date of birth|dateofbirth|born|born on|born at|birth year|year of birth|birth day|geburt*|geburtsdatum|geburtstag|geb datum|geboren*|jahrgang geburt|date de naissance|naissance|date naiss*
|fecha nacimiento|fecha de nacimiento|nacimiento|data di nascita|data nascita|nascita|data de nascimento|data nascimento|nascimento|data urodzenia|urodzenia|geboortedatum|fodelsedatum|fodselsdato|syntymaaika|datum narozeni
|szuletesi datum|data nasterii|dogum tarihi|дата рождения|дата народження|ημερομηνια γεννησης|生年月日|誕生日|出生日期|生日|생년월일|تاريخ الميلاد|जन्म तिथि|जन्मतिथि|תאריך לידה""",
    "card": """credit card*|creditcard*|card number|card no|cardnumber|card num|cardno|debit card*|payment card*|ccn|cc number|cc num|cc no|pan|card pan|kreditkarte*|kartennummer|carte bancaire|carte de credit|numero de carte
|tarjeta*|numero tarjeta|carta di credito|cartao*|numero cartao|karta kredytowa|numer karty|信用卡*|クレジットカード*|카드번호|номер карты""",
    "iban": "iban*|compte iban|bank iban|konto iban",
    "ssn": "ssn|social security*|social security number|social sec*|soc sec*|ss number",
    "national_id": """national id*|national identity*|national identification*|national insurance*|nino|ni number|identity number|identity card*|id card*|id card number|tax id*|taxid|tax number|taxpayer*|tin|itin|ein|vat number|vat id|steuer id|steueridentifikationsnummer
|steuernummer|idnr|rentenversicherung*|sozialversicherung*|sv nummer|personalausweis*|ausweisnummer|numero securite sociale|n securite sociale|securite sociale|nir|insee|numero fiscal|dni|nie|nif|nif nie|documento identidad|cedula|codice fiscale|cod fisc*|codicefiscale
|partita iva|cpf|cpf*|cnpj|rg|nis|pesel|nr pesel|nip|regon|nr dowodu|dowod osobisty|bsn|burgerservicenummer|rijksregisternummer|numero national|personnummer|personnr|pnr|organisationsnummer|cpr|cpr nr|cprnr|fodselsnummer|d nummer|hetu|henkilotunnus
|rodne cislo|rc|szemelyi szam|adoszam|taj szam|cnp|cod numeric personal|egn|oib|oib*|emso|jmbg|isikukood*|personas kods|asmens kodas|kennitala|afm|amka|αφμ|αμκα|tc kimlik*|tckn|kimlik no|инн|снилс|паспорт инн|иин|рнокпп|іпн|マイナンバー|個人番号
|身份证*|居民身份证|身份证号|주민등록번호|주민번호|aadhaar*|aadhar*|uidai|pan card|pan number|nric|fin number|hkid|mykad|nik|ktp|national id no|curp|rfc|cuit|cuil|rut|rut*|run|tfn|tax file number|abn|ird|ird number|sin|sin number|social insurance*|ahv*|avs*|avs number|oasi
|za id|sa id*|id number|teudat zehut|תעודת זהות|رقم الهوية|الرقم القومي|आधार*|pps number|ppsn|cf|siren|siret""",
    "ip": "ip|ip address|ipaddress|ipaddr|ipv4|ipv6|client ip|remote ip|remote addr|source ip|src ip|dest ip|dst ip|x forwarded for|ip adresse|adresse ip|direccion ip|источник ip|ipアドレス",
    "mac": "mac|mac address|macaddress|mac addr|device mac|bssid|wifi mac|hwaddr|hardware address|ethernet address",
    "url": "url|urls|uri|website|web site|homepage|home page|web page|link|profile url|webseite|site web|sitio web|sito web|strona|网址|ホームページ",
    "coordinates": "latitude|longitude|lat|lon|lng|long|geo|geolocation|gps|coordinates|coords|latlon|latlng|lat lon|geo point|breitengrad|langengrad|latitud|longitud|latitudine|longitudine|szerokosc|dlugosc geograficzna|緯度|経度|纬度|经度|широта|долгота",
    "postal_code": """zip|zip code|zipcode|postcode|post code|postal|postal code|postalcode|plz|postleitzahl|code postal|cp|codigo postal|cap|cep|codigo postal|kod pocztowy|postnummer|postinumero|psc|iranyitoszam|cod postal|posta kodu|индекс|почтовый индекс
|поштовий індекс|τκ|郵便番号|邮编|邮政编码|우편번호|pincode|pin code|पिन कोड|الرمز البريدي|מיקוד""",
    "passport": """passport|passport no|passport number|passport num|passportno|travel document*|reisepass*|passnummer|passeport|numero passeport|pasaporte*|passaporto|passaporte|paszport*|nr paszportu|paspoort*|pass nr|passnr|passi|utlevel|pasaport|паспорт*|закордонний паспорт|διαβατηριο
|パスポート*|旅券番号|护照*|护照号码|여권*|جواز السفر|पासपोर्ट|דרכון""",
    "licence": """drivers license*|driver license*|driving license*|driving licence*|drivers licence*|driver licence*|dl number|dl no|license number driver|fuhrerschein*|permis de conduire|permis|numero permis|carnet de conducir|licencia de conducir|permiso de conducir|patente|patente guida
|carteira de motorista|cnh|carta de conducao|prawo jazdy|rijbewijs*|korkort*|forerkort*|korekort*|ajokortti|ridicsky prukaz|ehliyet*|водительское удостоверение|права номер|運転免許*|驾驶证*|운전면허*|رخصة القيادة""",
    "medical_id": """nhs|nhs number|nhs no|npi|npi number|mbi|member mbi|medicare*|medicaid*|mrn|medical record number|medical record*|patient id|patient number|patient no|health insurance id|health insurance number|insurance member id|health card*|hic|hicn|dea number
|krankenversicherten*|kvnr|versichertennummer|krankenkassennummer|patientennummer|carte vitale|tarjeta sanitaria|numero historia clinica|tessera sanitaria|cartao sus|cns|numero utente|保険証番号|医保卡*|病历号|ehic|patientnr""",
    "bank_account": """bank account*|account number|account no|account num|acct number|acct no|acct num|accountnumber|routing number|routing no|aba|aba number|sort code|sortcode|bban|bic|bic code|swift|swift code|swift bic|kontonummer|konto nr|kontonr|bankleitzahl|blz|bankverbindung
|numero de compte|rib|numero de cuenta|cuenta bancaria|cuenta|clabe|numero conto|conto corrente|conta bancaria|numero konta|rekeningnummer|bankkonto|tilinumero|cislo uctu|номер счета|银行卡号|银行账号|口座番号|계좌번호|bsb|ifsc|rekening""",
    "vehicle": "vin|vehicle vin|vehicle identification*|chassis*|license plate|licence plate|license plate number|plate number|number plate|registration plate|kennzeichen|kfz kennzeichen|fahrgestellnummer|plaque*|immatriculation|matricula|targa|placa|tablica rejestracyjna|nr rejestracyjny|kenteken|регистрационный номер|госномер|车牌*|ナンバープレート",
    "device_id": "imei|imei*|device id|deviceid|device imei|device serial imei|idfa|gaid|advertising id|adid|android id|imsi|iccid|udid|msisdn device|meid",
    "username": "username|user name|login|login name|loginname|nickname|nick name|screen name|screenname|account name|benutzername|nom d utilisateur|identifiant|nombre de usuario|usuario|nome utente|utente|nome de usuario|nazwa uzytkownika|gebruikersnaam|anvandarnamn|логин|用户名|ユーザー名|사용자명",
    "credential": "password|passwd|pwd|passphrase|passcode|api key|apikey|access token|auth token|bearer token|refresh token|secret|secret key|client secret|access key|private key|session token|token|passwort|kennwort|mot de passe|contrasena|clave secreta|senha|haslo|wachtwoord|losenord|salasana|heslo|sifre|пароль|密码|パスワード|비밀번호|كلمة المرور|पासवर्ड|credential*|pin",
    "crypto": "wallet|wallet address|btc|bitcoin*|eth wallet|eth address|ethereum*|crypto wallet|crypto address|btc address|xrp address|ltc address",
    "health": """diagnos*|diagnosis|primary diagnosis|icd|icd10|icd9|icd code|disease*|illness|medication*|medicine|prescription*|drug|drugs|allerg*|disabilit*|handicap|blood type|blood group|bloodtype|medical condition*|medical history|health condition*|health status|symptom*|treatment|chronic*
|hiv|hiv status|pregnan*|mental health|vaccin*|krankheit*|medikament*|behinderung*|blutgruppe|gesundheit*|allergie*|schwanger*|maladie*|groupe sanguin|medicament*|traitement medical|enfermedad*|grupo sanguineo|discapacidad|alergia*|malattia|gruppo sanguigno|farmaco|diagnosi|doenca*|deficiencia|tipo sanguineo|choroba|grupa krwi|leki|rozpoznanie
|niepelnosprawnosc|ziekte|diagnose|bloedgroep|sjukdom|diagnos|диагноз|болезнь|группа крови|病名|診断*|血液型|诊断|疾病|病史|血型|진단*|혈액형|التشخيص|فصيلة الدم|निदान|रोग|autism|bmi category|cancer|smoker""",
    "religion": "religio*|religion|religious affiliation|religious belief*|faith|church membership|denomination|konfession|glaube|kirchensteuermerkmal|croyance*|confession|creencia*|confesion|fede|religia|wyznanie|religie|geloof|uskonto|nabozenstvi|vallas|din|религия|вероисповедание|віросповідання|θρησκεια|宗教|信仰|종교|الديانة|دين|धर्म|דת",
    "ethnicity": "ethnic*|ethnicity|ethnic group|race|racial*|race ethnicity|ethnie|ethnische herkunft|herkunft ethnisch|origine ethnique|raza|etnia|origen etnico|raca|cor raca|pochodzenie etniczne|etniciteit|etnicitet|caste|tribe|национальность|этническая*|人種|民族|种族|民族成份|인종|العرق|जाति|migrationshintergrund",
    "politics": "political*|politics|political party|party affiliation|party membership|voted for|vote intention|voting intention|partei|parteizugehorigkeit|politische*|parti politique|opinion politique|partido|partido politico|afiliacion politica|partito|orientamento politico|partia|poglady polityczne|политические взгляды|партия|政治面貌|政党|支持政党|정당|सियासी दल",
    "union": "trade union*|labor union*|labour union*|union member*|union membership|union local|gewerkschaft*|syndicat*|affiliation syndicale|sindicato|afiliacion sindical|sindacato|filiacao sindical|zwiazek zawodowy|vakbond*|fackforbund|fagforening|ammattiliitto|профсоюз*|членство в профсоюзе|工会|労働組合|노동조합",
    "orientation": "sexual orientation|sexuality|sexual preference|orientation sexual|orientation sexuelle|orientacion sexual|orientamento sessuale|orientacao sexual|sexuelle orientierung|orientacja seksualna|seksuele geaardheid|sexuell laggning|сексуальная ориентация|性的指向|性取向|성적지향|sex life",
    "genetic": "genetic*|genotype*|brca*|brca1 genotype|dna|dna sequence|dna profile|genome*|snp|snp genotype|apoe*|karyotype|genetische*|genetique*|genetico*|genotyp|генотип|днк|遺伝子型|基因型|유전자형",
    "biometric": "biometri*|fingerprint template|fingerprint scan|fingerprint data|fingerprints|iris scan*|iris template|iris code|retina scan|face embedding|face template|face encoding|facial template|voiceprint|voice print|palm print|hand geometry|fingerabdruck*|empreinte digitale|huella dactilar|impronta digitale|impressao digital|odcisk palca|指紋|指纹|지문|отпечаток",
}  # fmt: skip
WEAK: dict[str, str] = {
    "name": "name|names|nom|nome|nombre|naam|namn|navn|nimi|nev|nume|isim|customer|client|guest*|patient|person|employee|passenger*|author*|owner|contact|holder|kunde*|kundin|kundnamn|klient|klant|asiakas|zakaznik|ugyfel|musteri*|titulaire|titular|cliente|paciente|intestatario|insured person|insured|beneficiary|recipient|signed by|reviewer|doctor|physician|gp|nurse|teacher|tutor|student|member|applicant|family|last|first|клиент|покупатель|客户|顧客|고객|العميل|ग्राहक|nickname|witness|lawyer|agent name|manager|sender|receiver|mitarbeiter|salarie|empleado|dipendente",
    "address": "home|residence|address|location|wohnort|domicile",
    "phone": "contact|primary contact|kontakt",
    "ip": "host|client|remote|addr|source host|src|dst|peer|origin",
    "mac": "device|adapter|interface",
    "card": "card|credit|cc|payment|pay",
    "iban": "account|konto|compte|cuenta|conto|conta",
    "national_id": "identity|tax|national|document|documento|identification|identifier|civil id|fiscal|social",
    "coordinates": "location|position|point|place|geometry",
    "health": "condition|health|medical|therapy|status medical|comorbidity",
    "politics": "party|affiliation|vote",
    "union": "union",
    "orientation": "orientation",
    "ethnicity": "origin|background|herkunft|origine|origen",
    "religion": "belief|church|confession",
    "medical_id": "insurance|medical|policy number|health|member id",
    "url": "profile|web|site|page|source",
    "username": "user|userid|account|handle",
    "device_id": "device|serial|serial number|equipment",
    "credential": "key|auth|hash|session",
    "vehicle": "vehicle|car|registration|plate",
    "birth_date": "age date",
    "email": "contact|address|user",
    "crypto": "address|account",
}  # fmt: skip
# Words that turn a name into something about the thing: how many, which kind, whether at all.
_ABOUT = [
    "count",
    "counts",
    "length",
    "len",
    "type",
    "types",
    "model",
    "models",
    "brand",
    "opened",
    "provided",
    "status",
    "protocol",
    "version",
    "rate",
    "size",
    "score",
    "policy",
    "required",
    "quality",
    "distance",
    "time",
    "budget",
    "number_of",
    "total",
    "avg",
    "mean",
    "max",
    "min",
    "flag",
    "has",
    "is",
    "enabled",
    "valid",
    "verified",
    "format",
    "depth",
    "opened",
    "sent",
    "clicks",
    "subscribed",
    "list",
    "norm",
    "normalized",
    "class",
    "category",
    "level",
    "os",
    "rating",
    "color",
    "colour",
    "stone",
    "holiday",
    "dish",
    "kwh",
    "usage",
    "lighting",
    "closed",
    "free",
    "check",
    "policy",
    "preference",
    "budget",
    "balance",
    "strict",
    "range",
    "index_of",
    "quantity",
    "frequency",
    "speed",
    "duration",
    "percent",
    "pct",
    "share",
    "ratio",
    "anzahl",
    "nombre_de",
]
# Words of things that are no person's: they speak against names, and against numbers that pass a check by chance.
_THINGS = [
    "product",
    "products",
    "company",
    "companies",
    "firm",
    "firma",
    "corp",
    "organisation",
    "organization",
    "supplier",
    "vendor",
    "merchant",
    "manufacturer",
    "brand",
    "book",
    "song",
    "album",
    "track",
    "movie",
    "film",
    "ship",
    "vessel",
    "hotel",
    "store",
    "shop",
    "restaurant",
    "city",
    "town",
    "ort",
    "ville",
    "ciudad",
    "citta",
    "cidade",
    "miasto",
    "stad",
    "kaupunki",
    "mesto",
    "şehir",
    "village",
    "country",
    "state",
    "region",
    "province",
    "county",
    "department",
    "team",
    "school",
    "university",
    "college",
    "airport",
    "station",
    "street_type",
    "event",
    "festival",
    "horse",
    "wine",
    "drink",
    "dish",
    "cultivar",
    "star",
    "storm",
    "species",
    "gene",
    "file",
    "filename",
    "path",
    "module",
    "class",
    "function",
    "column",
    "table",
    "field",
    "job",
    "title",
    "position",
    "role",
    "language",
    "currency",
    "month",
    "day",
    "season",
    "color",
    "colour",
    "bank",
    "law",
    "model",
    "item",
    "category",
    "class",
    "cls",
    "host",
    "tag",
    "domain",
    "slug",
    "sentence",
    "comment",
    "review",
    "text",
    "employer",
    "industry",
    "sector",
    "division",
    "dept",
    "place",
    "venue",
    "stadium",
    "library",
    "package",
    "dataset",
    "project",
    "game",
    "character",
    "pet",
    "animal",
    "breed",
    "unit",
    "group",
]
_CODES = [
    "order",
    "orders",
    "invoice",
    "tracking",
    "sku",
    "isbn",
    "ean",
    "upc",
    "gtin",
    "asin",
    "po",
    "batch",
    "serial",
    "build",
    "version",
    "release",
    "revision",
    "barcode",
    "lot",
    "part",
    "ticket",
    "case",
    "parcel",
    "transaction",
    "txn",
    "ref",
    "reference",
    "checksum",
    "md5",
    "sha",
    "sha1",
    "sha256",
    "hash",
    "commit",
    "uuid",
    "guid",
    "etag",
    "trace",
    "request",
    "session",
    "cusip",
    "isin",
    "lei",
    "figi",
    "sedol",
    "doi",
    "issn",
    "arxiv",
    "cas",
    "flight",
    "container",
    "coupon",
    "voucher",
    "product",
    "article",
    "epoch",
    "timestamp",
    "sscc",
    "pallet",
    "shipment",
    "delivery",
    "meter",
    "quantity",
    "amount",
    "price",
    "cost",
    "revenue",
    "oid",
    "port",
    "code",
    "bin",
    "nace",
    "sic",
    "naics",
    "hs",
    "iccid",
]


_SNP = re.compile(r"(?:^| )rs\d{3,12}(?= |$)")  # a reference number of dbSNP


class Said(NamedTuple):
    """What a name says. strong, weak: kinds. about: it tells of a property. thing, code: it tells of something else."""

    strong: frozenset[str]
    weak: frozenset[str]
    about: bool
    thing: bool
    code: bool

    def hints(self, kind: str) -> int:
        """Return 2 for a strong word of a kind, 1 for a weak one, 0 for none; a property has none."""
        if self.about:
            return 0
        return 2 if kind in self.strong else 1 if kind in self.weak else 0


def fold(text: str) -> str:
    """Return a text in small letters without accents, its words one space apart; ``firstName`` is two words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", " ", text[:200])
    plain = unicodedata.normalize("NFKD", spaced.lower().translate(_FOLDED))
    bare = "".join(c for c in plain if not 0x300 <= ord(c) <= 0x36F)
    return " ".join(re.split(r"[^\w\u0900-\u097F]+|_+", unicodedata.normalize("NFC", bare))).strip()


def _pattern(phrases: str) -> re.Pattern[str]:
    parts, open_ = [], []
    for phrase in phrases.replace("\n", "").split("|"):
        text, star = phrase.strip().rstrip("*"), phrase.strip().endswith("*")
        folded = fold(text)
        if not folded:
            continue
        # one sign, such as the Japanese for "name", is a whole column name or nothing
        if ord(folded[0]) > 0x2E80 and len(folded) > 1:
            open_.append(re.escape(folded))
        else:
            parts.append(re.escape(folded) + (r"\w*" if star else r"\d*"))
    words = rf"(?:^|(?<= ))(?:{'|'.join(sorted(parts, key=len, reverse=True))})(?= |$)" if parts else ""
    return re.compile("|".join(p for p in (words, *open_) if p))


@cache
def _vocabulary() -> tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]]]:
    return {k: _pattern(v) for k, v in STRONG.items()}, {k: _pattern(v) for k, v in WEAK.items()}


@cache
def said(name: str) -> Said:
    """Return what a column's name says of its kind."""
    strong, weak = _vocabulary()
    plain = fold(name)
    sure = frozenset(k for k, p in strong.items() if p.search(plain))
    if _SNP.search(plain):
        sure |= {"genetic"}
    # what is left beside a known phrase: "type" in "blood type" says nothing of its own
    rest = plain
    for kind in sure:
        rest = strong[kind].sub(" ", rest)
    words = set(rest.split())
    return Said(
        sure,
        frozenset(k for k, p in weak.items() if p.search(plain)),
        bool(words & _ABOUT_WORDS),
        bool(words & _THING_WORDS),
        bool(words & _CODE_WORDS),
    )


_ABOUT_WORDS, _THING_WORDS, _CODE_WORDS = frozenset(_ABOUT), frozenset(_THINGS), frozenset(_CODES)
