"""Columns under headers that other systems gave them: contact exports, directories, shops, health and enterprise software.

The headers are those systems' own words, so that nobody here chose them. Values are Faker's, with another seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from labelled.make import Column


def columns(seed: int, rows: int) -> list[Column]:
    """Return all of them."""
    from faker import Faker

    out = []
    for table, locale, specs in (
        ("google_contacts", "en_US", _google),
        ("ldap", "en_GB", _ldap),
        ("sap_customer", "de_DE", _sap),
        ("shopify_orders", "en_US", _shopify),
        ("salesforce", "en_US", _salesforce),
        ("fhir", "en_US", _fhir),
        ("vcard", "fr_FR", _vcard),
        ("nginx", "en_US", _nginx),
        ("stripe", "en_US", _stripe),
        ("datev", "de_DE", _datev),
        ("moodle", "es_ES", _moodle),
    ):
        fake = Faker(locale)
        fake.seed_instance(seed)
        for name, draw, kind in specs(fake):
            out.append(Column(name, [draw() for _ in range(rows)], kind, table))
    return out


Specs = Iterator[tuple[str, Callable[[], Any], str]]


def _google(f: Any) -> Specs:
    yield "Given Name", f.first_name, "name"
    yield "Additional Name", f.first_name, "name"
    yield "Family Name", f.last_name, "name"
    yield "Birthday", lambda: f.date_of_birth().isoformat(), "birth_date"
    yield "E-mail 1 - Value", f.email, "email"
    yield "Phone 1 - Value", f.phone_number, "phone"
    yield "Address 1 - Formatted", lambda: f.address().replace("\n", ", "), "address"
    yield "Address 1 - Street", f.street_address, "address"
    yield "Address 1 - Postal Code", f.postcode, "postal_code"
    yield "Address 1 - City", f.city, ""
    yield "Organization 1 - Name", f.company, ""
    yield "Organization 1 - Title", f.job, ""
    yield "Website 1 - Value", f.url, "url"
    yield "Group Membership", lambda: "* myContacts", ""


def _ldap(f: Any) -> Specs:
    yield "cn", f.name, "name"
    yield "sn", f.last_name, "name"
    yield "givenName", f.first_name, "name"
    yield "uid", f.user_name, "username"
    yield "mail", f.email, "email"
    yield "telephoneNumber", f.phone_number, "phone"
    yield "mobile", f.cellphone_number, "phone"
    yield "homePostalAddress", lambda: f.address().replace("\n", "$"), "address"
    yield "postalCode", f.postcode, "postal_code"
    yield "employeeNumber", lambda: f.numerify("1#####"), ""
    yield "departmentNumber", lambda: f.numerify("##"), ""
    yield "objectClass", lambda: "inetOrgPerson", ""
    yield "userPassword", lambda: "{SSHA}" + f.sha1()[:32], "credential"
    yield "l", f.city, ""


def _sap(f: Any) -> Specs:
    yield "KUNNR", lambda: f.numerify("00000#####"), ""
    yield "NAME1", f.name, "name"
    yield "STRAS", f.street_address, "address"
    yield "ORT01", f.city, ""
    yield "TELF1", f.phone_number, "phone"
    yield "SMTP_ADDR", f.email, "email"
    yield "BANKN", lambda: f.numerify("##########"), ""
    yield "IBAN", f.iban, "iban"
    yield "GBDAT", lambda: f.date_of_birth().strftime("%Y%m%d"), ""
    yield "MATNR", lambda: f.numerify("0000000000########"), ""
    yield "BUKRS", lambda: f.numerify("10##"), ""
    yield "ERDAT", lambda: f.date().replace("-", ""), ""
    yield "WAERS", f.currency_code, ""


def _shopify(f: Any) -> Specs:
    yield "Name", lambda: f.numerify("#1###"), ""
    yield "Email", f.email, "email"
    yield "Financial Status", lambda: "paid", ""
    yield "Billing Name", f.name, "name"
    yield "Billing Street", f.street_address, "address"
    yield "Billing Zip", f.zipcode, "postal_code"
    yield "Billing Phone", f.phone_number, "phone"
    yield "Shipping Name", f.name, "name"
    yield "Shipping Address1", f.street_address, "address"
    yield "Lineitem name", lambda: f.catch_phrase(), ""
    yield "Lineitem sku", lambda: f.bothify("??-####"), ""
    yield "Payment Reference", lambda: f.bothify("c########.#"), ""
    yield "Vendor", f.company, ""
    yield "Id", lambda: f.numerify("45###########"), ""


def _salesforce(f: Any) -> Specs:
    yield "Id", lambda: f.bothify("0035g00000??###AAA"), ""
    yield "Salutation", lambda: f.random_element(["Mr.", "Ms.", "Dr."]), ""
    yield "FirstName", f.first_name, "name"
    yield "LastName", f.last_name, "name"
    yield "MailingStreet", f.street_address, "address"
    yield "MailingPostalCode", f.zipcode, "postal_code"
    yield "HomePhone", f.phone_number, "phone"
    yield "OtherPhone", f.phone_number, "phone"
    yield "AssistantName", f.name, "name"
    yield "Birthdate", lambda: f.date_of_birth().isoformat(), "birth_date"
    yield "LeadSource", lambda: f.random_element(["Web", "Phone Inquiry", "Partner"]), ""
    yield "AccountName", f.company, ""
    yield "CloseDate", f.date, ""
    yield "OwnerId", lambda: f.bothify("0055g00000??###AAA"), ""


def _fhir(f: Any) -> Specs:
    yield "name.family", f.last_name, "name"
    yield "name.given", f.first_name, "name"
    yield "telecom.value", f.phone_number, "phone"
    yield "birthDate", lambda: f.date_of_birth().isoformat(), "birth_date"
    yield "address.line", f.street_address, "address"
    yield "address.postalCode", f.zipcode, "postal_code"
    yield "identifier.mrn", lambda: f.numerify("########"), "medical_id"
    yield "generalPractitioner.display", lambda: "Dr. " + f.name(), "name"
    yield (
        "condition.code.text",
        lambda: f.random_element(["Asthma", "Hypertension", "Migraine", "Depression"]),
        "health",
    )
    yield "resourceType", lambda: "Patient", ""
    yield "meta.versionId", lambda: f.numerify("#"), ""
    yield (
        "us-core-race",
        lambda: f.random_element(["White", "Asian", "Black or African American"]),
        "ethnicity",
    )


def _vcard(f: Any) -> Specs:
    yield "FN", f.name, "name"
    yield "TEL;CELL", f.phone_number, "phone"
    yield "ADR;HOME", lambda: f.address().replace("\n", ", "), "address"
    yield "BDAY", lambda: f.date_of_birth().isoformat(), "birth_date"
    yield "EMAIL;WORK", f.email, "email"
    yield "ORG", f.company, ""
    yield "REV", lambda: f.iso8601(), ""


def _nginx(f: Any) -> Specs:
    yield "remote_addr", f.ipv4, "ip"
    yield "remote_user", lambda: "-", ""
    yield "time_local", lambda: f.date_time().strftime("%d/%b/%Y:%H:%M:%S +0000"), ""
    yield "request", lambda: f"GET /{f.uri_path()} HTTP/1.1", ""
    yield "status", lambda: f.random_element([200, 404, 301]), ""
    yield "body_bytes_sent", f.pyint, ""
    yield "http_referer", f.uri, "url"
    yield "http_user_agent", f.user_agent, ""
    yield "http_x_forwarded_for", f.ipv4, "ip"
    yield "upstream_response_time", lambda: f.pyfloat(0, 3, True), ""


def _stripe(f: Any) -> Specs:
    yield "Customer Email", f.email, "email"
    yield "Card Name", f.name, "name"
    yield "Card Last4", lambda: f.numerify("####"), ""
    yield "Card Address Line1", f.street_address, "address"
    yield "Card Address Zip", f.zipcode, "postal_code"
    yield "Statement Descriptor", lambda: f.company()[:22].upper(), ""
    yield "PaymentIntent ID", lambda: f.bothify("pi_########????????"), ""
    yield "Amount", lambda: f.pyfloat(3, 2, True), ""


def _datev(f: Any) -> Specs:
    yield "Kontoinhaber", f.name, "name"
    yield "Nachname (Adressattyp natürl. Person)", f.last_name, "name"
    yield "Vorname (Adressattyp natürl. Person)", f.first_name, "name"
    yield "Name (Adressattyp Unternehmen)", f.company, ""
    yield "Straße", f.street_address, "address"
    yield "Postleitzahl", f.postcode, "postal_code"
    yield "Ort", f.city, ""
    yield "IBAN-Nr. 1", f.iban, "iban"
    yield "SWIFT-Code 1", f.swift, "bank_account"
    yield "Belegnummer", lambda: f.numerify("RE-2024-####"), ""
    yield "Buchungstext", lambda: f.sentence(4), ""


def _moodle(f: Any) -> Specs:
    yield "Nombre", f.first_name, "name"
    yield "Apellido(s)", f.last_name, "name"
    yield "Número de ID", lambda: f.nif(), "national_id"
    yield "Dirección de correo", f.email, "email"
    yield "Teléfono1", f.phone_number, "phone"
    yield "Calificación", lambda: f.pyfloat(1, 2, True), ""
    yield "Último acceso", lambda: f.iso8601(), ""
