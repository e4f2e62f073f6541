"""Pictures of the documents: from the button to the payment, and what happens in between."""

from datetime import date

from selenium.webdriver.common.by import By

from picture_parts.hands import Hands

DIVISION = 1001


def make(hands: Hands) -> dict[str, int]:
    """Invoices for every state that a screen shows, posted, all but "due" sent to the customer; ids by name."""
    call = hands.session.call
    country = call("res.country", "search", [("code", "=", "NL")])[0]
    addresses = [
        ("Bakkerij De Korenaar B.V.", "Molenstraat 12", "3512 AB", "Utrecht"),
        ("Fietsenmakerij Van Dam", "Oude Gracht 201", "1811 CE", "Alkmaar"),
    ]
    customers = call(
        "res.partner",
        "create",
        [
            {
                "name": name,
                "is_company": True,
                "street": street,
                "zip": code,
                "city": city,
                "country_id": country,
            }
            for name, street, code, city in addresses
        ],
    )
    taxes = call(
        "account.tax",
        "search_read",
        [("type_tax_use", "=", "sale"), ("amount_type", "=", "percent")],
        ["amount", "exact_vat_code_id"],
    )
    mapped = next(tax["id"] for tax in taxes if tax["amount"] == 21 and tax["exact_vat_code_id"])
    unmapped = next(tax["id"] for tax in taxes if not tax["exact_vat_code_id"])
    terms = call("account.payment.term", "search", [("exact_payment_condition_id.code", "=", "30")])
    advice = call(
        "product.product",
        "create",
        {"name": "Advice", "default_code": "UREN", "type": "service"},
    )
    documents = {
        "good": (
            0,
            [
                ("Advice on the annual accounts", 6.5, 95.0, mapped),
                ("Kilometres", 48, 0.23, mapped),
            ],
        ),
        "failed": (0, [("Advice abroad", 4, 110.0, unmapped)]),
        "credit": (1, [("Advice, credited", 1, 95.0, mapped)]),
        "second": (0, [("Workshop", 1, 480.0, mapped)]),
        "due": (0, [("Advice in November", 3, 95.0, mapped)]),
    }
    made = {}
    for name, (customer, rows) in documents.items():
        values = {
            "move_type": "out_refund" if name == "credit" else "out_invoice",
            "partner_id": customers[customer],
            "invoice_date": date.today().isoformat(),
            "invoice_payment_term_id": terms[0] if terms else False,
            "invoice_line_ids": [
                (0, 0, {"product_id": advice, "name": text, "quantity": quantity,
                        "price_unit": price, "tax_ids": [(6, 0, [tax])]})
                for text, quantity, price, tax in rows
            ],
        }  # fmt: skip
        made[name] = call("account.move", "create", values)
    call("account.move", "action_post", list(made.values()))
    sent = [number for name, number in made.items() if name != "due"]
    call("account.move", "write", sent, {"is_move_sent": True})
    return made


def send(hands: Hands, documents: dict[str, int]) -> None:
    """The button on the invoice: with success, and with a problem."""
    hands.open(f"exact-documents/{documents['good']}", "#exact_create_sales_entry")
    hands.picture("invoice_button")
    hands.click("#exact_create_sales_entry")
    hands.find("#exact_open_entry")
    hands.quiet_notices()
    hands.picture("invoice_sent")
    hands.click(".nav-link[name='other_info']")
    hands.picture("invoice_other_info")
    hands.open(f"exact-documents/{documents['failed']}", "#exact_create_sales_entry")
    hands.click("#exact_create_sales_entry")
    hands.find("#exact_alert_failed .o_exact_mend")
    hands.quiet_notices()
    hands.picture("invoice_failed")
    hands.click(".nav-link[name='exact_lines']")
    hands.picture("invoice_for_exact")


def sync(hands: Hands) -> None:
    """All that is due, at one press of a button."""
    hands.open("action-account.action_move_out_invoice_type", ".o_list_view .o_exact_sync")
    hands.picture("invoice_list_before", again=True)
    hands.open("action-account.action_move_out_invoice_type", ".o_list_view .o_exact_sync")
    hands.click(".o_exact_sync")
    hands.find(".o_exact_sync_run #exact_alert_failed", 90)
    hands.picture("sync_notice")
    hands.quiet_notices()
    hands.picture("sync_done", again=True)
    hands.open("action-account.action_move_out_invoice_type", ".o_list_view .o_exact_sync")
    hands.picture("invoice_list")


def match(hands: Hands) -> dict[str, int]:
    """A customer that looks like relations of Exact; its documents wait for a decision."""
    call = hands.session.call
    like = call(
        "res.partner", "search_read", [("exact_account_code", "!=", False)],
        ["exact_account_code"], limit=1,
    )[0]["exact_account_code"].strip()  # fmt: skip
    for code, name, status in (
        ("880014", "Drukkerij De Letter B.V.", {"Status": "C"}),
        ("880027", "De Letter Drukwerk", {"Status": "A", "IsSupplier": True, "IsSales": False}),
    ):
        new = {
            "Code": code.rjust(18), "Name": name, "Postcode": "3011 WN", "City": "Rotterdam",
            "AddressLine1": "Wijnhaven 88", "Email": "info@deletter.example", **status,
            "VATNumber": None, "ChamberOfCommerce": None, "Phone": None,
        }  # fmt: skip
        hands.tell_exact(
            f"accountant/{DIVISION}/copy", {"resource": "crm/Accounts", "code": like, "new": new}
        )
    country = call("res.country", "search", [("code", "=", "NL")])[0]
    partner = call("res.partner", "create", {
        "name": "Drukkerij de Letter", "is_company": True, "street": "Wijnhaven 88",
        "zip": "3011 WN", "city": "Rotterdam", "country_id": country,
        "email": "info@deletter.example",
    })  # fmt: skip
    tax = call("account.tax", "search", [
        ("type_tax_use", "=", "sale"), ("amount", "=", 21), ("exact_vat_code_id", "!=", False),
    ], limit=1)  # fmt: skip
    line = {"name": "Workshop", "quantity": 1, "price_unit": 350.0, "tax_ids": [(6, 0, tax)]}
    move = call("account.move", "create", {
        "move_type": "out_invoice", "partner_id": partner,
        "invoice_date": date.today().isoformat(), "invoice_line_ids": [(0, 0, line)],
    })  # fmt: skip
    call("account.move", "action_post", [move])
    call("account.move", "write", [move], {"is_move_sent": True})
    hands.open(f"exact-documents/{move}", "#exact_create_sales_entry")
    hands.click("#exact_create_sales_entry")
    hands.find("[id^='exact_alert_']")
    hands.picture("invoice_to_match")
    hands.open("exact-matches", ".o_list_view .o_data_row")
    hands.picture("matches", again=True)
    hands.open("exact-matches", ".o_list_view .o_data_row")
    hands.click(".o_data_row .o_data_cell")
    hands.find(".o_exact_match")
    hands.picture("match_desk", again=True)
    return {"matched": move, "partner": partner}


def mend(hands: Hands, documents: dict[str, int]) -> None:
    """Where it is seen how everything stands."""
    hands.open("exact-documents", ".o_list_view")
    hands.picture("documents", again=True)
    hands.open("exact-mend", ".o_list_view")
    hands.picture("exchanges_to_mend")
    hands.record("exact.connection", hands.session.call("exact.connection", "search", [])[0])
    hands.driver.execute_script(
        "arguments[0].scrollIntoView({block: 'center'})", hands.find(".o_exact_call_meter")
    )
    hands.picture("meter")
    hands.open("exact-all-exchanges", ".o_list_view")
    hands.picture("exchanges", again=True)
    for name in ("failed", "good"):
        found = hands.session.call("exact.exchange", "search", [("move_id", "=", documents[name])])
        hands.open(f"exact-all-exchanges/{found[0]}", ".o_exact_exchange")
        if name == "good":
            hands.click(".nav-link[name='payload']")
        hands.picture(f"exchange_{name}")


def after(hands: Hands, documents: dict[str, int]) -> None:
    """The ways out of a document that is in Exact, and the way back in by its number."""
    second = documents["second"]
    number = _number(hands, second)
    hands.open(f"exact-documents/{second}", "#exact_reset_to_draft")
    hands.click("#exact_reset_to_draft")
    hands.find(".modal .o_exact_repair")
    hands.picture("ways_out")
    hands.fill(".modal div[name='reason'] textarea, .modal div[name='reason'] input", "Practice")
    hands.click("#exact_way_unlink")
    hands.wait(lambda: not hands.driver.find_elements(By.CSS_SELECTOR, ".modal"))
    # The way out was asked for by resetting, so the document is a draft now.
    hands.click("button[name='action_post']")
    hands.find("#exact_create_sales_entry, #exact_alert_changes, .nav-link[name='exact_lines']")
    hands.session.call("account.move", "write", [second], {"is_move_sent": True})
    hands.open(f"exact-documents/{second}", "#exact_create_sales_entry")
    hands.action("Link to an Entry in Exact")
    hands.fill(".modal div[name='entry_number'] input", number)
    hands.click("#exact_adopt_look_up")
    hands.find("#exact_adopt_link")
    hands.picture("adopt")
    hands.click("#exact_adopt_link")
    hands.find("#exact_open_entry")


def pay(hands: Hands, documents: dict[str, int]) -> None:
    """The accountant receives the money; Odoo hears of it. Then one receipt is taken back."""
    for name, amount in (("good", None), ("second", 100)):
        entry = {"entry": int(_number(hands, documents[name]))}
        entry |= {"amount": amount} if amount else {}
        hands.tell_exact(f"accountant/{DIVISION}/receive", {"entries": [entry]})
        _refresh(hands, documents[name])
        hands.picture("invoice_paid" if name == "good" else "invoice_partial", again=True)
    number = int(_number(hands, documents["good"]))
    hands.tell_exact(f"accountant/{DIVISION}/unmatch", {"entry": number})
    _refresh(hands, documents["good"], by_menu=True)
    hands.find("#exact_alert_reopened")
    hands.picture("invoice_reopened", again=True)


def _number(hands: Hands, move: int) -> str:
    """The entry number of a document."""
    return hands.session.call("account.move", "read", [move], ["exact_entry_number"])[0][
        "exact_entry_number"
    ]


def _refresh(hands: Hands, move: int, by_menu: bool = False) -> None:
    """Ask for the paid status and show the document as it is then."""
    hands.open(f"exact-documents/{move}", "#exact_open_entry")
    if by_menu:
        hands.action("Refresh Paid Status from Exact")
    else:
        hands.click("#exact_refresh_payment")
    hands.find(".o_notification")
    hands.open(f"exact-documents/{move}", "#exact_open_entry")
