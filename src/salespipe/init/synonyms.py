"""What shops and languages call the columns we know; each name stands for one column only."""

from __future__ import annotations

import re
import unicodedata

# best first: where a file has several, the earlier is taken
_NAMES: dict[str, str] = {
    "order_id": (
        "order id, orderid, order number, order no, order nr, invoice no, invoice, invoice id, "
        "invoice number, transaction id, receipt number, receipt id, charge id, payment intent id, "
        "order, Bestellnummer, Bestell-Nr, Auftragsnummer, Rechnungsnummer, Belegnummer, "
        "numéro de commande, n° commande, id commande, commande, número de pedido, id pedido, "
        "pedido, numero ordine, id ordine, ordine, ordernummer, bestelnummer"
    ),
    "line_id": (
        "line id, line number, line no, order line id, order item id, item line id, line item id, "
        "Positionsnummer, Position, numéro de ligne, línea, riga"
    ),
    "customer_id": (
        "customer id, customer number, customer no, customer user id, client id, user id, "
        "buyer id, account id, member id, customer, client, buyer, email, customer email, "
        "billing email, e-mail address, Kundennummer, Kunden-Nr, Kunden-ID, Kunde, "
        "numéro client, id client, código cliente, id cliente, cliente, codice cliente, klantnummer"
    ),
    "ordered_at": (
        "ordered at, order date, order time, order datetime, date ordered, placed at, "
        "purchased at, purchase date, purchase timestamp, order purchase timestamp, invoice date, "
        "transaction date, created at, created (utc), created date, date created, created, "
        "processed at, paid at, timestamp, datetime, date, time, Bestelldatum, Rechnungsdatum, "
        "Auftragsdatum, Datum, date de commande, date commande, date de facture, fecha de pedido, "
        "fecha pedido, fecha, data ordine, data, besteldatum, orderdatum"
    ),
    "item_id": (
        "item id, sku, product id, stock code, item code, product code, article id, "
        "article number, item sku, product sku, lineitem sku, variant sku, asin, ean, "
        "price id, Artikelnummer, Art-Nr, Artikel-Nr, référence, référence produit, id produit, "
        "código producto, id producto, codice articolo, codice prodotto, artikelcode"
    ),
    "item_name": (
        "item name, product name, lineitem name, product title, product, item, article, title, "
        "description, product description, Artikel, Artikelname, Artikelbezeichnung, Bezeichnung, "
        "Produkt, produit, désignation, producto, descripción, prodotto, descrizione, productnaam"
    ),
    "quantity": (
        "quantity, qty, lineitem quantity, item quantity, quantity ordered, units, item qty, "
        "pieces, Menge, Anzahl, Stückzahl, Stück, quantité, qté, cantidad, quantità, aantal"
    ),
    "unit_price": (
        "unit price, item price, item cost, lineitem price, price each, price per unit, "
        "product price, unit amount, sale price, price, Einzelpreis, Stückpreis, Preis, "
        "prix unitaire, prix, precio unitario, precio, prezzo unitario, prezzo, stuksprijs, prijs"
    ),
    "line_total": (
        "line total, item total, line amount, extended price, line subtotal, item subtotal, "
        "order line total, amount, total price, Gesamtpreis, Positionssumme, Betrag, "
        "montant, total ligne, importe, importo, bedrag"
    ),
    "category": (
        "category, product category, item category, product type, department, product group, "
        "Kategorie, Warengruppe, Produktgruppe, catégorie, categoría, categoria, categorie"
    ),
    "country": (
        "country, billing country, country code (billing), shipping country, ship country, "
        "country code, Land, Lieferland, Rechnungsland, Ländercode, pays, país, paese"
    ),
    "channel": (
        "channel, sales channel, source, order source, source name, marketplace, "
        "Kanal, Vertriebskanal, canal, canale, verkoopkanaal"
    ),
    "status": (
        "status, order status, financial status, payment status, order state, state of order, "
        "Bestellstatus, Auftragsstatus, statut, estado, stato"
    ),
    "cancelled_at": "cancelled at, canceled at, cancelled on, storniert am, annulé le",
    "entity_id": "entity id, subscriber id, contact id, lead id, policy id, contract id, row id",
    "as_of": "as of, snapshot date, observed at, Stichtag, date d'observation",
    "label": (
        "label, target, outcome, churn, churned, is churn, churn flag, attrition, attrition flag, "
        "exited, y, converted, conversion, subscribed, response, responded, purchased, "
        "gekündigt, Abwanderung, abgewandert, Kündigung, résilié, désabonné, abandono, abbandono"
    ),
}  # fmt: skip
SYNONYMS = {
    target: tuple(name.strip() for name in names.split(",")) for target, names in _NAMES.items()
}

WEAK = {"id": "order_id", "number": "order_id", "nr": "order_id", "total": "line_total"}
"""Names that say little: a person is asked."""

SHOPIFY = {"name": "order_id", "source": "channel"}
"""What only means that in an export that also has `Lineitem name`."""


CURRENCY = re.compile(r"(?<=\w)[\s_(\[/-]+(eur|euro|usd|gbp|chf|cad|aud)\W*$")


def plain(name: str) -> str:
    """A column's name without case, accents, spaces, marks and the currency at its end."""
    bare = CURRENCY.sub("", name.casefold().replace("n°", "nr"))
    text = unicodedata.normalize("NFKD", bare)
    return "".join(c for c in text if c.isalnum())


KNOWN = {plain(name): target for target, names in SYNONYMS.items() for name in names}
RANK = {plain(name): rank for names in SYNONYMS.values() for rank, name in enumerate(names)}

_CALL = "the length of a call is known only once it is over"
_LEFT = "known only once the customer has left"
LEAKS = {"duration": _CALL, "callduration": _CALL} | {
    plain(name): _LEFT
    for name in [
        "churn reason",
        "churn category",
        "churn score",
        "churn value",
        "churn date",
        "churn month",
        "cancellation reason",
        "cancellation date",
        "exit date",
        "reason for leaving",
        "days to churn",
        "Kündigungsgrund",
        "Kündigungsdatum",
    ]
}
"""Names of what is known only after the outcome, and why that may be no feature."""
