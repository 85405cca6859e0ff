"""Columns that hold personal data, in the shapes and languages that they come in. The set that is looked at."""

from __future__ import annotations

from labelled.make import Maker, day, grouped, iban, joined, luhn, number, one, pattern, some, valid

NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        ("Olivia", "George", "Amelia", "Harry", "Isla", "Jack", "Ava", "Noah", "Poppy", "Alfie", "Wren", "Tobias", "Marigold"),
        ("Smith", "Thornbury", "Hughes", "Clarke", "Ashworth", "Pemberton", "Doyle", "Okonkwo", "Whitlock", "Baker"),
    ),
    "de": (
        ("Jürgen", "Ute", "Klaus", "Sabine", "Wolfgang", "Heike", "Dieter", "Annegret", "Matthias", "Käthe", "Björn", "Lieselotte"),
        ("Müller", "Schröder", "Weiß", "Lindemann", "Krämer", "Oberhuber", "Vogt", "Strauß", "Fuchs", "Brandt"),
    ),
    "fr": (
        ("Élodie", "Thibault", "Océane", "Jean-Pierre", "Mathilde", "Gaël", "Aurélie", "Loïc", "Capucine", "Étienne"),
        ("Lefèvre", "Dubois", "Girard", "Fontaine", "Rousseau", "Chevalier", "Bonnet", "Marchand", "de la Tour"),
    ),
    "es": (
        ("María José", "Íñigo", "Lucía", "Álvaro", "Pilar", "Joaquín", "Rocío", "Gonzalo", "Begoña", "Santiago"),
        ("García Lorca", "Fernández", "Ibáñez", "Ruiz", "Castaño", "Muñoz", "Zabaleta", "Ortega", "Peña"),
    ),
    "it": (
        ("Giuseppe", "Chiara", "Niccolò", "Ludovica", "Matteo", "Ginevra", "Alessandro", "Beatrice", "Ettore", "Marta"),
        ("Rossi", "Esposito", "Bianchi", "De Luca", "Colombo", "Ferrari", "Gallo", "Lombardi", "Marchetti"),
    ),
    "pl": (
        ("Agnieszka", "Stanisław", "Małgorzata", "Krzysztof", "Zofia", "Łukasz", "Grażyna", "Wojciech", "Bożena", "Jacek"),
        ("Kowalski", "Wiśniewska", "Wójcik", "Zieliński", "Szymańska", "Dąbrowski", "Mazur", "Jaworska"),
    ),
    "pt": (
        ("João", "Inês", "Tiago", "Beatriz", "Gonçalo", "Mariana", "Rui", "Catarina", "Nuno", "Leonor"),
        ("Silva", "Gonçalves", "Ferreira", "Magalhães", "Carvalho", "Sousa", "Pires", "Brandão", "Teixeira"),
    ),
    "hi_latin": (
        ("Aarav", "Priyanka", "Rohan", "Lakshmi", "Vikram", "Sunita", "Arjun", "Kavita", "Ramesh", "Deepika"),
        ("Sharma", "Iyer", "Chatterjee", "Patel", "Reddy", "Banerjee", "Gupta", "Nair", "Kulkarni", "Singh"),
    ),
    "hi": (
        ("आरव", "प्रिया", "रोहन", "लक्ष्मी", "विक्रम", "सुनीता", "अर्जुन", "कविता", "रमेश", "दीपिका"),
        ("शर्मा", "अय्यर", "पटेल", "रेड्डी", "गुप्ता", "नायर", "सिंह", "वर्मा", "यादव", "मिश्रा"),
    ),
    "ar": (
        ("محمد", "فاطمة", "أحمد", "عائشة", "خالد", "مريم", "يوسف", "ليلى", "عمر", "زينب"),
        ("الحسن", "المصري", "العلي", "حداد", "خوري", "النجار", "الشريف", "منصور", "سليمان"),
    ),
    "ru": (
        ("Анна", "Дмитрий", "Екатерина", "Сергей", "Ольга", "Иван", "Наталья", "Алексей", "Мария", "Павел"),
        ("Иванов", "Смирнова", "Кузнецов", "Попова", "Соколов", "Лебедева", "Новиков", "Морозова"),
    ),
    "sv": (
        ("Astrid", "Lars", "Maja", "Göran", "Ebba", "Åke", "Linnéa", "Gustav", "Sigrid", "Nils"),
        ("Lindqvist", "Andersson", "Sjöberg", "Ekström", "Nyström", "Bergman", "Hellström"),
    ),
    "tr": (
        ("Ayşe", "Mehmet", "Zeynep", "Çağlar", "Elif", "Murat", "Gül", "Emre", "Fatma", "Oğuz"),
        ("Yılmaz", "Kaya", "Demir", "Şahin", "Çelik", "Öztürk", "Aydın", "Arslan"),
    ),
}  # fmt: skip
JA_FAMILY = ("佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤", "山本", "中村", "小林", "加藤")
JA_GIVEN = ("太郎", "花子", "一郎", "美咲", "健太", "陽子", "大輔", "さくら", "翔", "由美")
ZH_FAMILY = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "欧阳")
ZH_GIVEN = ("伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "晓明", "建国", "雨桐")
KO_FAMILY = ("김", "이", "박", "최", "정", "강", "조", "윤", "장", "임")
KO_GIVEN = ("민준", "서연", "지훈", "수빈", "현우", "지은", "영희", "철수")


def first(lang: str) -> Maker:
    """Return a maker of given names."""
    return one(*NAMES[lang][0])


def last(lang: str) -> Maker:
    """Return a maker of family names."""
    return one(*NAMES[lang][1])


def full(lang: str) -> Maker:
    """Return a maker of full names."""
    return joined(first(lang), " ", last(lang))


def _ascii(make: Maker) -> Maker:
    import unicodedata

    def plain(r: object) -> str:
        text = unicodedata.normalize("NFD", make(r)).encode("ascii", "ignore").decode()  # type: ignore[arg-type]
        return text.lower().replace(" ", "").replace("-", "")

    return plain


MAIL = joined(
    _ascii(first("de")),
    ".",
    _ascii(last("en")),
    pattern("##"),
    "@",
    one("mail.example", "example.org", "post.example.de", "corp.example.com"),
)
VISA, MASTER, AMEX = luhn("4", 16), luhn("53", 16), luhn("37", 15)
STREETS = {
    "en": joined(number(1, 999), " ", one("Oak Hill", "Mill", "Church", "Kings", "Station", "Elm Tree"), " ", one("Road", "Street", "Lane", "Ave", "Drive", "Close")),
    "us": joined(number(100, 9999), " ", one("N", "W", "SE"), " ", one("Maple", "Sunset", "3rd", "Lincoln", "42nd"), " ", one("St", "Blvd", "Ave", "Ct"), one("", ", Apt 4B", " Suite 200", " #12"), ", ", one("Springfield, IL 62704", "Dayton, OH 45402", "Reno, NV 89501")),
    "de": joined(one("Hauptstraße", "Bahnhofstr.", "Lindenweg", "Am Markt", "Goetheplatz", "Mozartgasse", "Rosenallee"), " ", number(1, 180), one("", "a", " b")),
    "fr": joined(number(1, 90), one("", " bis"), ", ", one("rue", "avenue", "boulevard", "chemin", "place", "impasse"), " ", one("Victor Hugo", "de la Gare", "des Lilas", "du Moulin")),
    "es": joined(one("Calle", "C/", "Avenida", "Paseo", "Plaza"), " ", one("Mayor", "de Alcalá", "del Sol", "San Juan"), one(", ", " "), number(1, 120), one("", ", 3º B", ", 2º izq.")),
    "it": joined(one("Via", "Viale", "Piazza", "Corso"), " ", one("Roma", "Garibaldi", "Dante Alighieri", "della Libertà"), one(", ", " "), number(1, 130)),
    "pl": joined("ul. ", one("Mickiewicza", "Długa", "Polna", "Jana Pawła II"), " ", number(1, 90), one("", "/12", " m. 4")),
    "pt": joined(one("Rua", "Avenida", "Travessa", "Largo"), " ", one("das Flores", "da Liberdade", "Augusta", "do Comércio"), ", ", number(1, 400)),
    "nl": joined(one("Keizersgracht", "Dorpsstraat", "Kerkweg", "Marktplein", "Stationslaan"), " ", number(1, 300), one("", " A", "-2")),
    "ja": joined(one("東京都", "大阪府", "京都府", "神奈川県"), one("新宿区西新宿", "大阪市北区梅田", "横浜市中区本町"), number(1, 9), "丁目", number(1, 30), "番", number(1, 20), "号"),
    "zh": joined(one("北京市", "上海市", "广州市"), one("海淀区", "浦东新区", "天河区"), one("中关村大街", "世纪大道", "体育西路"), number(1, 300), "号"),
    "sv": joined(one("Storgatan", "Kungsgatan", "Björkvägen", "Skolgränd"), " ", number(1, 99), one("", " B")),
    "ru": joined("ул. ", one("Ленина", "Пушкина", "Садовая", "Мира"), ", д. ", number(1, 120), one("", ", кв. 15", ", кв. 7")),
}  # fmt: skip
SECRETS = one(
    joined("AKIA", pattern("@@@@@@@@@@@@@@@@")), joined("ghp_", pattern("~" * 36)), joined("sk_live_", pattern("~" * 24)),
    joined("xoxb-", pattern("############-############-"), pattern("~" * 24)), joined("AIza", pattern("~" * 35)), joined("glpat-", pattern("~" * 20)),
)  # fmt: skip
HEALTH = one(
    "Type 2 diabetes",
    "Hypertension",
    "Asthma",
    "Major depressive disorder",
    "HIV positive",
    "Epilepsy",
    "Breast cancer",
    "COPD",
    "Anxiety disorder",
    "Migraine",
)
ICD = one("E11.9", "I10", "J45.909", "F32.1", "B20", "G40.909", "C50.911", "J44.9", "F41.1", "M54.5", "N18.3")
FAITHS = one(
    "Catholic",
    "Protestant",
    "Muslim",
    "Jewish",
    "Hindu",
    "Buddhist",
    "Sikh",
    "Atheist",
    "Agnostic",
    "Orthodox",
)
ORIGINS = one(
    "White",
    "Black or African American",
    "Asian",
    "Hispanic",
    "Native American",
    "Pacific Islander",
    "Mixed",
    "Other",
)
PARTIES = one("Labour", "Conservative", "Liberal Democrat", "Green", "SNP", "Independent")
LOVES = one("Heterosexual", "Gay", "Lesbian", "Bisexual", "Asexual", "Prefer not to say", "Straight")

# table: (header, type, maker). Every table stands for one file of people; opaque headers stand beside honest ones.
TABLES: dict[str, list[tuple[str, str, Maker]]] = {
    "customers_en": [
        ("customer_name", "name", full("en")), ("first_name", "name", first("en")), ("LastName", "name", last("en")),
        ("email", "email", MAIL), ("phone", "phone", pattern("+44 20 7946 0###")), ("mobile_no", "phone", pattern("07911 1####0")),
        ("address_line_1", "address", STREETS["en"]), ("dob", "birth_date", day(1940, 2005, "%d/%m/%Y")),
        ("postcode", "postal_code", joined(one("SW1A ", "M1 ", "EC2V "), pattern("#@@"))), ("ni_number", "national_id", joined(one("AB", "CE", "JK", "PW"), pattern("######"), one("A", "B", "C", "D"))),
        ("nhs_number", "medical_id", grouped(valid("9#########", "gb.nhs"), (3, 3))), ("marketing_source_text", "", one("web", "shop", "friend")),
    ],
    "customers_us": [
        ("Full Name", "name", joined(last("en"), ", ", first("en"), " ", one("A.", "J.", "M."))), ("SSN", "ssn", pattern("52#-4#-1##9")),
        ("Phone Number", "phone", joined("(", one("212", "415", "303", "617"), ") 555-01", pattern("##"))), ("cell", "phone", joined(one("212", "415", "303", "617"), "-555-01", pattern("##"))),
        ("Street Address", "address", STREETS["us"]), ("ZIP", "postal_code", pattern("9####")), ("Date of Birth", "birth_date", day(1940, 2005, "%m/%d/%Y")),
        ("credit_card", "card", VISA), ("Drivers License", "licence", joined("D", pattern("#######"))), ("passport_no", "passport", pattern("5########")),
        ("routing_number", "bank_account", valid("0########", "us.rtn")), ("account_number", "bank_account", pattern("##########")),
        ("npi", "medical_id", lambda r: luhn("80840" + "1", 15)(r)[5:]), ("member_mbi", "medical_id", one("1EG4-TE5-MK73", "2AC7-RT8-KN42", "4DH9-WF3-PY61", "7JK2-XM6-QR15")),
        ("VIN", "vehicle", one("1HGCM82633A004352", "1M8GDM9AXKP042788", "5GZCZ43D13S812715", "11111111111111111", "WP0ZZZ99ZTS392124")),
    ],
    "kunden_de": [
        ("Vorname", "name", first("de")), ("Nachname", "name", last("de")), ("Kunde", "name", full("de")), ("E-Mail-Adresse", "email", MAIL),
        ("Telefon", "phone", joined("0", one("30", "89", "40", "221"), " ", pattern("########"))), ("Handynummer", "phone", pattern("0171 #######")),
        ("Straße", "address", STREETS["de"]), ("PLZ", "postal_code", pattern("8####")), ("Geburtsdatum", "birth_date", day(1940, 2005, "%d.%m.%Y")),
        ("IBAN", "iban", grouped(iban("DE", "##################"), (4, 4, 4, 4, 4))), ("Steuer-ID", "national_id", valid("###########", "de.idnr")),
        ("Krankenversichertennummer", "medical_id", one("A123456780", "B987654326", "K220635158", "T555558879")), ("Religion", "religion", one("römisch-katholisch", "evangelisch", "muslimisch", "konfessionslos", "jüdisch")),
        ("Diagnose", "health", one("Diabetes mellitus Typ 2", "Bluthochdruck", "Asthma bronchiale", "Depression", "Rheuma", "Migräne")), ("Gewerkschaft", "union", one("IG Metall", "ver.di", "GEW", "keine")),
        ("Kennzeichen", "vehicle", joined(one("M", "B", "HH", "KA"), "-", pattern("@@ "), number(10, 9999))),
    ],
    "clients_fr": [
        ("Prénom", "name", first("fr")), ("Nom de famille", "name", last("fr")), ("nom_complet", "name", full("fr")), ("courriel", "email", MAIL),
        ("Téléphone", "phone", grouped(pattern("01########"), (2, 2, 2, 2, 2))), ("portable", "phone", pattern("+336########")),
        ("Adresse", "address", STREETS["fr"]), ("Code postal", "postal_code", pattern("75###")), ("Date de naissance", "birth_date", day(1940, 2005, "%d/%m/%Y")),
        ("N° sécurité sociale", "national_id", valid("2851175112#####", "fr.nir")), ("compte_iban", "iban", iban("FR", "20041010050500013M026##")),
        ("groupe_sanguin", "health", one("A+", "A-", "B+", "O+", "O-", "AB+")), ("origine_ethnique", "ethnicity", one("européenne", "africaine", "asiatique", "maghrébine", "métisse")),
        ("permis_de_conduire", "licence", pattern("##AA#####")),
    ],
    "clientes_es": [
        ("nombre", "name", first("es")), ("apellidos", "name", joined(last("es"), " ", last("es"))), ("correo_electronico", "email", MAIL),
        ("teléfono", "phone", grouped(pattern("91#######"), (3, 2, 2, 2))), ("móvil", "phone", pattern("+34 6## ### ###")), ("dirección", "address", STREETS["es"]),
        ("fecha_nacimiento", "birth_date", day(1940, 2005, "%d/%m/%Y")), ("DNI", "national_id", valid("########@", "es.dni")), ("NIE", "national_id", valid("X#######@", "es.nie")),
        ("cuenta", "iban", iban("ES", "####################")), ("código_postal", "postal_code", pattern("28###")), ("afiliación_sindical", "union", one("CCOO", "UGT", "CSIF", "ninguna")),
    ],
    "clienti_it": [
        ("Nome", "name", first("it")), ("Cognome", "name", last("it")), ("codice_fiscale", "national_id", one("RSSMRA85T10A562S", "BNCLCU80A01F205D", "VRDGPP13R10B293P", "MTTVTR73D47H501V")),
        ("telefono", "phone", pattern("+39 06 ########")), ("cellulare", "phone", pattern("347 #######")), ("indirizzo", "address", STREETS["it"]), ("data_di_nascita", "birth_date", day(1940, 2005, "%d/%m/%Y")),
        ("CAP", "postal_code", pattern("001##")), ("tessera_sanitaria", "medical_id", pattern("80380###############")), ("patente", "licence", joined("U1", pattern("#######@"))),
    ],
    "klienci_pl": [
        ("imię", "name", first("pl")), ("nazwisko", "name", last("pl")), ("PESEL", "national_id", valid("850#1######", "pl.pesel")), ("telefon", "phone", pattern("+48 60# ### ###")),
        ("adres", "address", STREETS["pl"]), ("data_urodzenia", "birth_date", day(1940, 2005, "%Y-%m-%d")), ("kod_pocztowy", "postal_code", pattern("00-###")), ("nr_dowodu", "national_id", one("ABA300000", "AYD418765", "CBE729103")),
        ("nip", "national_id", valid("##########", "pl.nip")),
    ],
    "clientes_pt": [
        ("nome_completo", "name", full("pt")), ("CPF", "national_id", valid("###.###.###-##", "br.cpf")), ("cpf_limpo", "national_id", valid("###########", "br.cpf")),
        ("celular", "phone", pattern("(11) 9####-####")), ("endereço", "address", STREETS["pt"]), ("data_nascimento", "birth_date", day(1940, 2005, "%d/%m/%Y")), ("NIF", "national_id", valid("2########", "pt.nif")),
        ("CEP", "postal_code", pattern("01###-###")), ("partido", "politics", one("PS", "PSD", "Chega", "Bloco de Esquerda", "CDU", "PAN")),
    ],
    "kokyaku_ja": [
        ("氏名", "name", joined(one(*JA_FAMILY), one("", " ", "　"), one(*JA_GIVEN))), ("名", "name", one(*JA_GIVEN)), ("電話番号", "phone", pattern("03-####-####")), ("携帯", "phone", pattern("090-####-####")),
        ("住所", "address", STREETS["ja"]), ("郵便番号", "postal_code", pattern("1##-####")), ("生年月日", "birth_date", day(1940, 2005, "%Y/%m/%d")), ("メールアドレス", "email", MAIL),
        ("マイナンバー", "national_id", valid("############", "jp.in_")), ("宗教", "religion", one("仏教", "神道", "キリスト教", "無宗教")),
    ],
    "kehu_zh": [
        ("姓名", "name", joined(one(*ZH_FAMILY), one(*ZH_GIVEN))), ("手机号", "phone", pattern("138########")), ("身份证号", "national_id", valid("11010519850#1#####", "cn.ric")),
        ("地址", "address", STREETS["zh"]), ("出生日期", "birth_date", day(1950, 2005, "%Y-%m-%d")), ("邮箱", "email", MAIL), ("护照号码", "passport", pattern("E########")), ("民族", "ethnicity", one("汉族", "回族", "藏族", "维吾尔族", "满族")),
    ],
    "ar_hi_ko": [
        ("الاسم", "name", full("ar")), ("رقم الهاتف", "phone", pattern("+971 50 ### ####")), ("البريد الإلكتروني", "email", MAIL), ("تاريخ الميلاد", "birth_date", day(1950, 2005, "%d/%m/%Y")),
        ("नाम", "name", full("hi")), ("मोबाइल", "phone", pattern("+91 98### #####")), ("aadhaar_number", "national_id", grouped(valid("2###########", "in_.aadhaar"), (4, 4, 4))), ("pan_card", "national_id", joined(pattern("@@@"), "P", pattern("@####@"))),
        ("이름", "name", joined(one(*KO_FAMILY), one(*KO_GIVEN))), ("전화번호", "phone", pattern("010-####-####")), ("주민등록번호", "national_id", valid("850210-2######", "kr.rrn")), ("धर्म", "religion", one("हिन्दू", "मुस्लिम", "सिख", "ईसाई", "बौद्ध")),
    ],
    "nordic_tr_ru": [
        ("namn", "name", full("sv")), ("personnummer", "national_id", valid("85021#-####", "se.personnummer")), ("adress", "address", STREETS["sv"]), ("CPR-nr", "national_id", valid("0102##-####", "dk.cpr")), ("fodselsnummer", "national_id", valid("0102##4####", "no.fodselsnummer")),
        ("hetu", "national_id", valid("0102##-###@", "fi.hetu")), ("TC Kimlik No", "national_id", valid("###########", "tr.tckimlik")), ("ad_soyad", "name", full("tr")), ("ФИО", "name", full("ru")), ("телефон", "phone", pattern("+7 916 ###-##-##")),
        ("ИНН", "national_id", valid("############", "ru.inn")), ("адрес", "address", STREETS["ru"]), ("bsn", "national_id", valid("#########", "nl.bsn")), ("rodne_cislo", "national_id", valid("85021#/####", "cz.rc")), ("isikukood", "national_id", valid("3850210####", "ee.ik")),
        ("rijksregisternummer", "national_id", valid("850210#####", "be.nn")), ("oib", "national_id", valid("###########", "hr.oib")), ("cnp", "national_id", valid("1850210######", "ro.cnp")), ("curp", "national_id", one("BOXW310820HNERXN09", "MAAR790213HMNRLF03", "GOMC850210MDFRRN08")),
        ("rut", "national_id", valid("12######-#", "cl.rut")), ("cuit", "national_id", valid("20-########-#", "ar.cuit")), ("tfn", "national_id", valid("### ### ###", "au.tfn")), ("sin", "national_id", valid("### ### ###", "ca.sin")), ("nric", "national_id", one("S1234567D", "T0123456G", "S8877665C")),
        ("avs_number", "national_id", valid("756.####.####.##", "ch.ssn")), ("za_id", "national_id", valid("850210#####8#", "za.idnr")), ("teudat_zehut", "national_id", valid("#########", "il.idnr")), ("kennitala", "national_id", valid("0102##-####", "is_.kennitala")),
    ],
    "opaque": [  # nothing but values
        ("f1", "email", MAIL), ("f2", "card", MASTER), ("f3", "card", grouped(VISA, (4, 4, 4, 4))), ("f4", "card", grouped(AMEX, (4, 6, 5), "-")), ("f5", "iban", iban("NL", "ABNA##########")), ("f6", "iban", iban("PL", "########################")),
        ("f7", "ip", joined(number(1, 223), ".", number(0, 255), ".", number(0, 255), ".", number(1, 254))), ("f8", "ip", pattern("2001:db8:%%%%:%%%%::%%%%")), ("f9", "mac", pattern("%%:%%:%%:%%:%%:%%")), ("f10", "mac", pattern("%%-%%-%%-%%-%%-%%")),
        ("f11", "url", joined("https://", one("www.example.org", "shop.example.com", "example.net:8443"), "/", pattern("&&&&&/##"))), ("f12", "phone", pattern("+49 30 ########")), ("f13", "phone", pattern("+1 415-555-01##")), ("f14", "ssn", pattern("41#-2#-1##7")),
        ("f15", "name", full("en")), ("f16", "name", full("fr")), ("f17", "name", full("it")), ("f18", "credential", SECRETS), ("f19", "crypto", one("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")),
        ("f20", "crypto", pattern("0x%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%")), ("f21", "national_id", valid("###.###.###-##", "br.cpf")), ("f22", "national_id", valid("########@", "es.dni")), ("f23", "national_id", valid("RSS@RA85T1#A562@", "it.codicefiscale")),
        ("f24", "address", STREETS["en"]), ("f25", "address", STREETS["de"]), ("f26", "address", STREETS["fr"]), ("f27", "coordinates", joined(number(-60, 60), ".", pattern("######"), ", ", number(-170, 170), ".", pattern("######"))), ("f28", "name", full("es")), ("f29", "name", full("hi_latin")),
        ("f30", "credential", joined("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIx", pattern("~" * 20), ".", pattern("~" * 43))), ("f31", "address", STREETS["es"]), ("f32", "name", joined(one("Mr ", "Dr. ", "Mrs. "), full("en"))), ("f33", "national_id", valid("756.####.####.##", "ch.ssn")),
        ("f34", "name", joined(last("de"), ", ", first("de"))), ("f35", "name", full("ru")), ("f36", "name", full("ar")), ("f37", "name", joined(one(*JA_FAMILY), " ", one(*JA_GIVEN))), ("f38", "phone", pattern("+81-90-####-####")), ("f39", "address", STREETS["ja"]), ("f40", "email", joined("<", MAIL, ">")),
    ],
    "web": [
        ("client_ip", "ip", joined(number(1, 223), ".", number(0, 255), ".", number(0, 255), ".", number(1, 254))), ("x_forwarded_for", "ip", joined(number(1, 223), ".0.", number(0, 255), ".", number(1, 254), ", 10.0.0.", number(1, 250))), ("remote_addr", "ip", some(joined("192.0.2.", number(1, 254)), 0.7, "-")),
        ("user_name", "username", joined(_ascii(first("en")), "_", pattern("##"))), ("login", "username", joined(_ascii(first("de")), _ascii(last("de")))), ("homepage", "url", joined("http://", _ascii(last("en")), ".example/")), ("password", "credential", joined(pattern("~~~~"), one("!", "$", "?"), pattern("~~~~~"))),
        ("api_key", "credential", pattern("~" * 32)), ("access_token", "credential", pattern("%" * 40)), ("device_mac", "mac", pattern("%%%%.%%%%.%%%%")), ("imei", "device_id", luhn("35", 15)), ("idfa", "device_id", pattern("%%%%%%%%-%%%%-4%%%-a%%%-%%%%%%%%%%%%")), ("lat", "coordinates", lambda r: round(r.uniform(-60, 60), 6)),
        ("longitude", "coordinates", lambda r: round(r.uniform(-170, 170), 6)), ("geo", "coordinates", joined("POINT(", number(-170, 170), ".", pattern("#####"), " ", number(-60, 60), ".", pattern("#####"), ")")), ("wallet_address", "crypto", pattern("0x%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%")), ("btc", "crypto", one("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")),
        ("profile_url", "url", joined("https://social.example/in/", _ascii(full("en")))), ("contact", "email", some(MAIL, 0.6, "n/a")), ("primary_contact", "phone", pattern("+33 6 ## ## ## ##")), ("swift", "bank_account", joined(one("DEUT", "BNPA", "COBA"), one("DEFF", "FRPP", "DEHH"), one("", "XXX"))),
    ],
    "patients": [
        ("patient", "name", full("en")), ("diagnosis", "health", HEALTH), ("icd10", "health", ICD), ("medication", "health", one("Metformin 500 mg", "Lisinopril", "Salbutamol", "Sertraline 50mg", "Insulin glargine", "Ibuprofen")), ("blood_type", "health", one("A+", "B-", "O+", "AB-", "O-")), ("disability", "health", one("none", "deaf", "wheelchair user", "visually impaired")),
        ("religion", "religion", FAITHS), ("ethnicity", "ethnicity", ORIGINS), ("race", "ethnicity", ORIGINS), ("political_party", "politics", PARTIES), ("voted_for", "politics", PARTIES), ("union_member", "union", one("yes", "no")), ("trade_union", "union", one("Unite", "UNISON", "GMB", "none")), ("sexual_orientation", "orientation", LOVES),
        ("brca1_genotype", "genetic", one("c.68_69del", "wild type", "c.5266dup")), ("rs4680", "genetic", one("AA", "AG", "GG")), ("fingerprint_template", "biometric", pattern("~" * 44)), ("mrn", "medical_id", pattern("MRN-#######")), ("health_insurance_id", "medical_id", pattern("@@@######")), ("allergies", "health", one("penicillin", "peanuts", "none", "latex")),
        ("col_a", "health", HEALTH), ("col_b", "religion", FAITHS), ("col_c", "orientation", LOVES), ("col_d", "ethnicity", ORIGINS), ("emergency_contact", "name", full("en")), ("gp", "name", joined("Dr ", full("en"))),
    ],
    "mixed": [
        ("kontakt_telefon", "phone", pattern("+43 1 #######")), ("fax", "phone", pattern("040 ### ## ##")), ("whatsapp", "phone", pattern("+55119########")), ("phone_as_int", "phone", lambda r: int("4917" + str(r.randint(10_000_000, 99_999_999)))), ("card_no", "card", lambda r: int(VISA(r))), ("ccn", "card", grouped(MASTER, (4, 4, 4, 4), "-")), ("pan_last", "", pattern("####")),
        ("birthday", "birth_date", day(1940, 2005, "%Y%m%d")), ("geboren_am", "birth_date", day(1940, 2005, "%d.%m.%y")), ("birth_year", "birth_date", number(1940, 2005)), ("naissance", "birth_date", day(1940, 2005, "%d-%m-%Y")), ("passport", "passport", joined("C", pattern("@#@##@##@"))), ("Reisepass-Nr", "passport", joined("C01X00T", pattern("##"))), ("pasaporte", "passport", pattern("AAA######")),
        ("driving_licence", "licence", joined(one("MORGA", "SMITH", "CLARK"), pattern("6#####"), one("SM9IJ", "AB1CD"))), ("Führerschein", "licence", pattern("B072RRE2I##")), ("licence_plate", "vehicle", joined(pattern("@@"), "19 ", pattern("@@@"))), ("matricula", "vehicle", pattern("#### @@@")), ("sort_code", "bank_account", pattern("##-##-##")), ("bank_account_no", "bank_account", pattern("########")),
        ("surname", "name", last("en")), ("owner", "name", full("de")), ("employee", "name", joined(last("en"), ", ", first("en"))), ("author", "name", full("sv")), ("guest_names", "name", joined(full("en"), " & ", first("en"))), ("naam", "name", full("sv")), ("recipient", "name", full("pl")), ("signed_by", "name", full("it")), ("billing_address", "address", STREETS["nl"]), ("ship_to", "address", STREETS["us"]), ("home", "address", STREETS["it"]),
        ("mail", "email", joined("mailto:", MAIL)), ("e_mail_2", "email", some(MAIL, 0.3, "")), ("UPPER", "email", lambda r: MAIL(r).upper()), ("nickname", "username", joined("xx", _ascii(first("en")), pattern("###"))), ("ipv6", "ip", pattern("fe80::%%%%:%%ff:fe%%:%%%%")), ("ssn_plain", "ssn", pattern("52#4#1##9")), ("social_security_number", "ssn", pattern("52# 4# 1##9")), ("tax_id", "national_id", valid("###########", "de.idnr")),
    ],
}  # fmt: skip
