"""Columns that look like personal data and are none: order numbers, versions, hashes, ISBNs, product codes, measurements."""

from __future__ import annotations

from labelled.make import Maker, day, grouped, joined, luhn, number, one, pattern, valid

CITY = one(
    "Austin",
    "Charlotte",
    "Paris",
    "Florence",
    "Sydney",
    "Jackson",
    "San Jose",
    "Santa Rosa",
    "Lincoln",
    "Madison",
    "Victoria",
    "Adelaide",
)
PRODUCT = one(
    "Oak Table",
    "Rose Garden Chair",
    "Desk Lamp",
    "Victoria Sponge",
    "Earl Grey Tea",
    "Cotton Shirt",
    "Garden Hose",
    "Pearl Earrings",
    "Amber Ale",
    "Brown Rice",
)
COMPANY = one(
    "Smith & Sons Ltd",
    "Baker Street Capital",
    "Johnson Controls",
    "Müller Maschinenbau GmbH",
    "Harper Collins",
    "Morgan Stanley",
    "Dr. Oetker AG",
    "Rossi Auto S.p.A.",
    "Marks and Spencer",
    "Jack Wills Inc.",
)

TABLES: dict[str, list[tuple[str, Maker]]] = {
    "orders": [
        ("order_number", number(4 * 10**15, 5 * 10**15)), ("order_id", pattern("4###############")), ("invoice", pattern("INV-20##-######")), ("tracking_number", pattern("1Z999AA1##########")), ("sku", pattern("###-####")), ("sku_long", pattern("AB-####-##-###")),
        ("isbn13", valid("978##########", "isbn")), ("isbn10", valid("#########" + "#", "isbn")), ("isbn_dashed", grouped(valid("978##########", "isbn"), (3, 1, 5, 3), "-")), ("ean", valid("40###########", "ean")), ("upc", pattern("0###########")), ("asin", pattern("B0########")),
        ("po_number", pattern("45########")), ("batch", pattern("L#####@")), ("serial_no", pattern("SN####-####-####")), ("product_name", PRODUCT), ("product_code", pattern("@@###@")), ("brand", one("Calvin Klein", "Ralph Lauren", "Tommy Hilfiger", "Hugo Boss", "Jack Daniels", "Louis Vuitton")), ("supplier", COMPANY), ("company", COMPANY),
        ("warehouse", one("Hall A", "Hall B", "North", "Gate 5")), ("quantity", number(1, 900)), ("unit_price", lambda r: round(r.uniform(1, 900), 2)), ("amount_text", joined(number(1, 9999), ".", pattern("##"))), ("currency", one("USD", "EUR", "GBP")), ("status", one("paid", "open", "cancelled")), ("coupon", pattern("SAVE##-@@@@")),
        ("created_at", day(2015, 2024, "%Y-%m-%d %H:%M:%S")), ("ship_date", day(2015, 2024, "%d.%m.%Y")), ("epoch_ms", number(1_500_000_000_000, 1_700_000_000_000)), ("epoch_s", number(1_500_000_000, 1_700_000_000)), ("iso_ts", joined(day(2015, 2024, "%Y-%m-%d"), "T", number(10, 23), ":", number(10, 59), ":", number(10, 59), "Z")), ("delivery_window", one("08:00-12:00", "12:00-16:00")),
        ("pallet_sscc", pattern("00##################")), ("hs_code", pattern("####.##.##")), ("country", one("Georgia", "Jordan", "Chad", "Peru", "France")), ("city", CITY), ("state", one("Virginia", "Georgia", "Carolina", "Montana", "Dakota")), ("rating", number(1, 5)), ("customer_id", number(10_000, 99_999)),
    ],
    "software": [
        ("version", joined(number(0, 9), ".", number(0, 30), ".", number(0, 99), ".", number(0, 9))), ("release", joined("v", number(1, 9), ".", number(0, 20), ".", number(0, 20))), ("build", joined(number(10, 20), ".0.", number(1000, 9999), ".", number(1, 200))), ("kernel", joined("5.", number(1, 19), ".0-", number(10, 99), "-generic")), ("md5", pattern("%" * 32)), ("sha1", pattern("%" * 40)), ("sha256", pattern("%" * 64)), ("git_commit", pattern("%" * 40)), ("short_sha", pattern("%%%%%%%")),
        ("uuid", pattern("%%%%%%%%-%%%%-4%%%-a%%%-%%%%%%%%%%%%")), ("request_id", pattern("%%%%%%%%-%%%%-4%%%-b%%%-%%%%%%%%%%%%")), ("etag", pattern('"%%%%%%%%%%%%%%%%"')), ("trace_id", pattern("%" * 32)), ("path", joined("/srv/app/", pattern("&&&&"), "/a@b")), ("file_name", joined(one("report", "photo", "john_smith_cv"), pattern("_##"), one(".pdf", ".png"))), ("module", one("numpy.random", "pandas.core", "scipy.stats", "os.path")),
        ("handle", joined("@", pattern("&&&&##"))), ("decorator", one("@property", "@staticmethod", "@cached")), ("log_level", one("INFO", "WARN", "ERROR")), ("port", number(1024, 65_535)), ("http_status", number(200, 504)), ("duration", joined(number(0, 23), ":", number(10, 59), ":", number(10, 59))), ("timecode", joined(pattern("0#:"), number(10, 59), ":", number(10, 59), ":", number(10, 24))), ("hex_color", pattern("#%%%%%%")), ("rgb", joined(number(0, 255), ",", number(0, 255), ",", number(0, 255))), ("oid", joined("1.3.6.1.4.1.", number(1, 9999), ".", number(1, 9))),
        ("mime", one("text/html", "image/png")), ("semver_range", joined("^", number(1, 9), ".", number(0, 9), ".0")), ("cidr_bits", number(8, 32)), ("ratio", joined(number(1, 21), ":", number(1, 9))), ("host_class", one("web", "db", "cache")), ("error_code", pattern("E####")), ("jira", pattern("PROJ-####")), ("mac_model", one("MacBook Pro 14", "MacBook Air", "Mac mini")), ("session_count", number(1, 99)), ("tag", one("latest", "stable", "v2")), ("base64_blob", pattern("~" * 24)), ("class_name", one("RandomForest", "GradientBoosting", "LinearModel")),
    ],
    "science": [
        ("temperature", lambda r: round(r.uniform(-20, 40), 2)), ("easting", number(300_000, 700_000)), ("x", lambda r: round(r.uniform(-1, 1), 6)), ("y", lambda r: round(r.uniform(-1, 1), 6)), ("probability", lambda r: round(r.random(), 6)), ("p_value", pattern("0.0####")), ("cas_number", valid("7###-##-#", "casrn")), ("formula", one("C6H12O6", "H2SO4", "NaCl")), ("gene", one("TP53", "EGFR", "KRAS", "MYC")), ("species", one("Iris setosa", "Quercus robur", "Rosa canina", "Felis catus")), ("sample_id", pattern("S-####-##")), ("plate_well", one("A01", "B07", "H12")),
        ("grid_ref", pattern("TQ ### ###")), ("frequency_mhz", joined(number(88, 108), ".", number(0, 9))), ("doi", joined("10.", pattern("####"), "/", pattern("&&&&.20##"))), ("arxiv", pattern("2###.#####")), ("issn", valid("####-###" + "#", "issn")), ("phase", one("I", "II", "III")), ("dose", joined(number(1, 900), " mg")), ("score", number(0, 100)), ("interval", joined(number(10, 40), "-", number(41, 90))), ("date_range", joined(day(2010, 2012, "%Y-%m-%d"), "/", day(2013, 2015, "%Y-%m-%d"))), ("blood_pressure_cuff_size", one("S", "M", "L")), ("element", one("Helium", "Argon", "Cesium")),
        ("star", one("Sirius", "Vega", "Rigel")), ("storm_name", one("Katrina", "Andrew", "Sandy", "Harvey", "Irma")), ("month", one("April", "May", "June", "August")), ("season", one("Summer", "Autumn", "Winter")), ("cultivar", one("Granny Smith", "Pink Lady", "Fuji", "Elstar")), ("street_count", number(1, 90)), ("name_length", number(3, 20)), ("address_count", number(1, 9)), ("email_opened", one("yes", "no")), ("phone_model", one("Pixel 8", "iPhone 15", "Galaxy S23")), ("ip_protocol", one("TCP", "UDP", "ICMP")), ("card_type", one("Visa", "Mastercard", "Amex")),
    ],
    "business": [
        ("department", one("Sales", "Legal", "Grace Period Team", "Support")), ("job_title", one("Data Engineer", "Head of Sales", "Mason", "Butler", "Head Gardener")), ("team_name", one("Red Foxes", "Blue Rose", "Iron Ravens")), ("hotel_name", one("Hotel Adlon", "The Ritz", "Grand Victoria", "Hilton Garden Inn")), ("hotel", one("City Hotel", "Resort Hotel")), ("product", PRODUCT), ("store_name", one("Baker Street", "Park Lane", "Queen Mary")), ("file_hash", pattern("%" * 64)), ("fiscal_week", pattern("2024-W##")), ("account_type", one("checking", "savings")), ("account_manager_region", one("North", "South")), ("ticket", pattern("#########")),
        ("case_number", pattern("20##-CV-#####")), ("policy_code", pattern("@@-######")), ("meter_reading", number(100_000, 999_999)), ("flight", joined(one("LH", "BA", "AF"), number(100, 9999))), ("seat", joined(number(1, 40), one("A", "B", "C"))), ("gate", joined(one("A", "B"), number(1, 60))), ("iata", one("LHR", "JFK", "FRA")), ("isin", valid("US037833####", "isin")), ("cusip", valid("03783310#", "cusip")), ("lei", one("5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55")), ("ticker", one("AAPL", "MSFT", "SAP")), ("sic_code", pattern("####")), ("year", number(1990, 2024)), ("founded", number(1850, 2020)), ("expiry_date", day(2025, 2030, "%m/%Y")),
        ("album", one("Abbey Road", "Harvest Moon", "Blue Train")), ("song", one("Hey Jude", "Layla", "Angie", "Michelle", "Roxanne", "Jolene")), ("book_title", one("Emma", "Jane Eyre", "Anna Karenina", "Oliver Twist", "David Copperfield")), ("ship", one("Queen Elizabeth", "HMS Victory", "Santa Maria")), ("street_type", one("Avenue", "Road", "Lane")), ("region", one("San Marino", "Santa Cruz", "São Paulo", "Los Angeles")), ("comment", one("will call back later", "arrived on 12 May", "needs 3 boxes", "see ticket 4411")), ("language", one("German", "Polish", "Chinese", "Hindi")), ("nationality_count", number(1, 9)), ("colour", one("White", "Black", "Brown", "Green")), ("party_size", number(1, 12)), ("drink", one("Bloody Mary", "Tom Collins", "Earl Grey")),
        ("gtin_luhn", luhn("0", 14)), ("loyalty_points", number(0, 10_000)), ("luhn_like_id", number(10**14, 9 * 10**14)), ("iccid_lot", pattern("8949####")), ("bin", pattern("4#####")), ("nace", pattern("##.##")), ("zip_file", one("a.zip", "b.zip")), ("dob_provided", one("true", "false")), ("national_holiday", one("Christmas", "Easter", "Diwali")), ("race_time", joined(number(1, 3), ":", number(10, 59), ":", number(10, 59))), ("race_name", one("Berlin Marathon", "Tour de France", "Derby")), ("union_type", one("left", "inner", "outer")), ("party_id", number(1, 40)), ("condition", one("new", "used", "refurbished")), ("health_score", number(0, 100)), ("religious_holiday_closed", one("yes", "no")),
    ],
}  # fmt: skip
