"""What is still missing before documents can go, read from what the company uses (R2, R9, R10, R17, R20, R31)."""

from odoo import fields, models

from ..resolution import STEPS, Gap
from .exact_connection import SALES_JOURNAL_TYPES

# Fields of a connection that must be filled, with the step of the set-up they belong to.
NEEDED = {
    "division_id": "division",
    "start_date": "start",
    "sale_journal_id": "journals",
    "refund_journal_id": "journals",
    "default_item_id": "items",
    "default_vat_code_id": "vat",
    "default_payment_condition_id": "conditions",
}
# Products that are named one by one; the rest is told as a number.
NAMED = 50


class ExactConnection(models.Model):
    _inherit = "exact.connection"

    def _get_gaps(self):
        """What is missing for the documents in use: grouped reads, no call, nothing written.

        :return: list of :class:`Gap`, in the order of the set-up, what stops documents first.
        """
        self.ensure_one()
        # Whoever may see the connection may see what it lacks, also without rights on accounting.
        connection = self.sudo().with_company(self.company_id)
        gaps = [*connection._gaps_settings()]
        if connection.division_id:
            uses = connection._use_combinations()
            gaps += connection._gaps_vat(uses)
            gaps += connection._gaps_items(uses)
            gaps += connection._gaps_accounts(uses)
            gaps += connection._gaps_journals()
            gaps += connection._gaps_conditions()
        order = {step: number for number, step in enumerate(STEPS)}
        unique = {(gap.kind, gap.message): gap for gap in gaps}.values()
        own = [self._own_gap(gap) for gap in unique]
        return sorted(own, key=lambda gap: (order.get(gap.step, len(order)), not gap.blocking))

    def _own_gap(self, gap):
        """The gap with its record as this user sees it."""
        record = gap.record.with_env(self.env) if gap.record else None
        return Gap(gap.kind, gap.message, gap.why, record, gap.step, gap.blocking)

    # === SETTINGS === #

    def _gaps_settings(self):
        """Settings that are empty or no longer hold (R2, R4, R5, R14)."""
        env = self.env
        why = {
            "division_id": env._("Odoo must know into which books the documents go."),
            "start_date": env._("Only documents from this day on go to Exact."),
            "sale_journal_id": env._("Every invoice is booked in a sales journal of Exact."),
            "refund_journal_id": env._("Every credit note is booked in a sales journal of Exact."),
            "default_item_id": env._(
                "Its revenue account serves lines for which nothing better is known."
            ),
            "default_vat_code_id": env._(
                "Customers without a VAT code of their own in Exact get this one."
            ),
            "default_payment_condition_id": env._(
                "Credit notes and payment terms without a counterpart take it."
            ),
        }
        labels = self.fields_get(list(NEEDED), ["string"])
        for name, step in NEEDED.items():
            if not self[name]:
                text = env._("%s is empty.", labels[name]["string"])
                yield Gap("setting", text, why[name], self, step)
        books, own = self.division_id.currency_code, self.company_id.currency_id.name
        if books and books != own:
            yield Gap(
                "setting",
                env._(
                    "The division keeps its books in %(books)s, the company in %(own)s.",
                    books=books,
                    own=own,
                ),
                env._("Amounts of one currency cannot be booked as another."),
                self,
                "division",
            )
        condition = self.default_payment_condition_id
        if condition and not condition.active:
            yield Gap(
                "condition",
                env._("Default payment condition %s is gone in Exact.", condition.display_name),
                why["default_payment_condition_id"],
                self,
                "conditions",
            )

    # === VAT === #

    def _gaps_vat(self, uses):
        """Taxes without a usable VAT code, and lines without tax (R9, R10)."""
        env = self.env
        items = {}
        for use in uses:
            items.setdefault(use.tax, set()).add(self._use_item(use.product, use.item)[0])
        for tax, found in items.items():
            if tax:
                problem = self._tax_problem(tax, found)
                if problem:
                    yield Gap("vat", problem, self._why_vat(), tax, "vat")
            elif not self.no_tax_vat_code_id:
                yield Gap(
                    "vat",
                    env._("There are lines without tax, and no VAT code for them."),
                    self._why_vat(),
                    self,
                    "vat",
                )
            elif not self.no_tax_vat_code_id.active or not self.no_tax_vat_code_id._fits_rate(0):
                yield Gap(
                    "vat",
                    env._(
                        "VAT code %s for lines without tax cannot be used any more.",
                        self.no_tax_vat_code_id.display_name,
                    ),
                    self._why_vat(),
                    self,
                    "vat",
                )

    def _why_vat(self):
        return self.env._("Each line of an entry carries one VAT code, in which Exact declares it.")

    def _tax_problem(self, tax, items=()):
        """Why lines with ``tax`` could not be booked, False where they can (R9, R10, R19).

        :param items: the items of its lines; their own VAT code serves where the tax has none.
        """
        env = self.env
        if tax.amount_type not in ("percent", "division"):
            return env._(
                "Tax %s is not a percentage; Exact books VAT by percentage only.", tax.display_name
            )
        rate = tax._exact_rate()
        code = tax.exact_vat_code_id
        if not code:
            own = [item.vat_code_id for item in items]
            if own and rate and all(c and c.type == "E" and c._fits_rate(rate) for c in own):
                return False
            return env._("Tax %s is not mapped to an Exact VAT code.", tax.display_name)
        values = {"code": code.display_name, "tax": tax.display_name}
        if not code.active:
            return env._("VAT code %(code)s of tax %(tax)s is blocked or gone in Exact.", **values)
        if code.type == "I":
            return env._("VAT code %(code)s of tax %(tax)s is of type Including now.", **values)
        if not code._fits_rate(rate):
            return env._("VAT code %(code)s does not fit the rate of tax %(tax)s.", **values)
        return False

    # === ITEMS AND ACCOUNTS === #

    def _gaps_items(self, uses):
        """Items in use that are gone, ended, not sold, or not divisible where decimals are used (R17)."""
        env = self.env
        today = fields.Date.context_today(self)
        fractions = self._use_fractions() if self.only_divisible_items else set()
        why = env._("The item decides the ledger account of a line.")
        for product, chosen in dict.fromkeys((use.product, use.item) for use in uses):
            item, level = self._use_item(product, chosen)
            if not item:
                continue
            record = self._item_record(product, level, item)
            values = {"item": item.display_name, "origin": self._item_origin(product, level)}
            if not item.active:
                text = env._("Item %(item)s (%(origin)s) is blocked or gone in Exact.", **values)
            elif not item.is_sales_item:
                text = env._("Item %(item)s (%(origin)s) is not a sales item in Exact.", **values)
            elif not item._is_valid_on(today):
                text = env._("Item %(item)s (%(origin)s) is not in use in Exact today.", **values)
            elif (product.id or False, chosen.id or False) in fractions and not item.is_divisible:
                text = env._(
                    "Item %(item)s (%(origin)s) is not divisible in Exact, "
                    "and quantities have decimals.",
                    **values,
                )
            else:
                continue
            yield Gap("item", text, why, record, "items")

    def _item_record(self, product, level, item):
        """The record where the item of a line can be changed."""
        if level == "product":
            return product.product_tmpl_id
        if level == "category":
            return product.categ_id._exact_item_category()
        return self if level == "default" else item

    def _item_origin(self, product, level):
        env = self.env
        if level == "product":
            return env._("item on product %s", product.display_name)
        if level == "category":
            category = product.categ_id._exact_item_category()
            return env._("item on category %s", category.display_name)
        return env._("default item") if level == "default" else env._("item on the line")

    def _gaps_accounts(self, uses):
        """Lines for which no source gives a ledger account, or one that cannot be booked on (R13, R20)."""
        env = self.env
        why = env._("Exact asks a ledger account for every line of an entry.")
        nowhere = {}
        for use in uses:
            account, record, origin = self._use_gl_account(use)
            if not account:
                nowhere.setdefault(record, origin)
            elif not account.active:
                text = env._(
                    "Ledger account %(account)s (%(origin)s) is blocked in Exact.",
                    account=account.display_name,
                    origin=origin,
                )
                yield Gap("account", text, why, record, "accounts")
            elif account.type in account._refused_types:
                text = env._(
                    "Ledger account %(account)s (%(origin)s) is a debtor, creditor or VAT account.",
                    account=account.display_name,
                    origin=origin,
                )
                yield Gap("account", text, why, record, "accounts")
        for record, text in list(nowhere.items())[:NAMED]:
            yield Gap("account", text, why, record, "accounts")
        if len(nowhere) > NAMED:
            text = env._("%s more records have no ledger account in Exact.", len(nowhere) - NAMED)
            yield Gap("account", text, why, self, "accounts")

    def _use_gl_account(self, use):
        """The ledger account of a line by the order of R13.

        :return: (account, record that mends it, where it comes from); without an account the last is
            the sentence that says what is missing.
        """
        env = self.env
        item, level = self._use_item(use.product, use.item)
        code = use.tax.exact_vat_code_id if use.tax else self.no_tax_vat_code_id
        candidates = [(use.gl_account, use.gl_account, env._("chosen on the line"))]
        own = (item.gl_account_id, item, env._("revenue account of item %s", item.display_name))
        if item and level != "default":
            # Whoever chose the item wanted its account: without one nothing else serves.
            candidates.append(own)
        else:
            text = env._("of account %s", use.account.display_name)
            candidates.append((use.account.exact_gl_account_id, use.account, text))
            text = env._("of VAT code %s", code.display_name)
            candidates += [(code.sale_gl_account_id, code, text), own]
        for account, record, origin in candidates:
            if account:
                return account, record, origin
        if item:
            text = env._(
                "Item %(item)s (%(origin)s) has no revenue account in Exact.",
                item=item.display_name,
                origin=self._item_origin(use.product, level),
            )
            return account, item, text
        record = use.product.product_tmpl_id or use.account
        text = env._("%s has no item and no ledger account in Exact.", record.display_name)
        return account, record, text

    # === JOURNALS, CURRENCIES, TERMS === #

    def _gaps_journals(self):
        """Journals that are blocked, of another type, or that refuse a currency in use (R5, R54)."""
        env = self.env
        own = self.company_id.currency_id
        groups = env["account.move"]._read_group(
            self._use_domain(), ["journal_id", "currency_id", "move_type"]
        )
        used = dict.fromkeys(
            (self._use_journal(journal, move_type == "out_refund"), currency)
            for journal, currency, move_type in groups
        )
        # The connection's own journals count before the first document.
        used |= {
            (journal, own): None
            for journal in (
                (self.sale_journal_id, self),
                (self.refund_journal_id, self),
            )
        }
        for (journal, record), currency in used:
            if not journal:
                continue
            name = journal.display_name
            if not journal.active:
                text = env._("Journal %s is blocked or gone in Exact.", name)
                why = env._("Exact refuses entries in a journal that is blocked.")
                yield Gap("journal", text, why, record, "journals")
            elif journal.type not in SALES_JOURNAL_TYPES:
                text = env._("Journal %s is not a sales journal in Exact any more.", name)
                why = env._("Sales entries are booked in sales journals only.")
                yield Gap("journal", text, why, record, "journals")
            elif (
                currency.name != (journal.currency_code or own.name)
                and not journal.allow_variable_currency
            ):
                text = env._(
                    "Journal %(journal)s does not take %(currency)s, in which there are documents.",
                    journal=name,
                    currency=currency.name,
                )
                why = env._("Exact refuses an entry in a currency that its journal does not allow.")
                yield Gap("journal", text, why, record, "journals")

    def _use_journal(self, journal, refund):
        """The Exact journal of documents of an Odoo journal, and the record it is set on."""
        own = journal.exact_refund_journal_id if refund else journal.exact_journal_id
        if own:
            return own, journal
        return (self.refund_journal_id if refund else self.sale_journal_id), self

    def _gaps_conditions(self):
        """What stops or is worth telling of the payment terms in use and of the defaults (R22, R24, R27).

        A term with a note takes the default, which stops nothing.
        """
        env = self.env
        mapper = env["exact.mapper.payment.condition"]
        terms = list(self._use_counts("invoice_payment_term_id", "account.move"))
        stopped = set()
        for term in [env["account.payment.term"], *terms]:
            choice = mapper._choose(self, term)
            problem = choice.problem
            if problem:
                if problem.code == "no_payment_condition" or problem in stopped:
                    continue
                stopped.add(problem)
                why = env._("Documents with such a condition are stopped.")
                yield Gap("condition", problem.message, why, problem.record, "conditions")
            elif term and choice.notes:
                why = env._("Documents go with Odoo's due date, which Exact keeps.")
                text = " ".join(choice.notes)
                yield Gap("condition", text, why, term, "conditions", blocking=False)
