"""Payment terms over a year of invoice dates: the ledger of Exact against Odoo, day by day (R21-R26, W9)."""

from datetime import date, timedelta
from functools import cached_property

from odoo.tests import tagged
from odoo.tools import format_date

from .terms import TermsCase

# 366 invoice dates with a leap day and a year end.
DAYS = [date(2027, 3, 1) + timedelta(days=number) for number in range(366)]
NEXT, CURRENT = "days_after_end_of_next_month", "days_after_end_of_month"
ON_THE = "days_end_of_month_on_the"


@tagged("post_install", "-at_install")
class TestTermsYear(TermsCase):
    def setUp(self):
        super().setUp()
        self.open_year(2028)
        for code, values in {
            "07": {"PaymentDays": 7},
            "10": {"PaymentDays": 10},
            "28": {"PaymentDays": 28},
            "90": {"PaymentDays": 90},
            "120": {"PaymentDays": 120, "PaymentMethod": "K"},
            "08EM": {"PaymentEndOfMonths": 1, "PaymentDays": 8},
            "15EM": {"PaymentEndOfMonths": 1, "PaymentDays": 15},
            "15E2": {"PaymentEndOfMonths": 2, "PaymentDays": 15},
            "I08": {"PaymentDays": 8, "PaymentMethod": "I"},
            "IEM": {"PaymentEndOfMonths": 1, "PaymentMethod": "I"},
            "K75": {"PaymentDays": 75, "DiscountPercentage": 0.01, "DiscountPaymentDays": 10},
            "P20": {"PaymentDays": 20, "Percentage": 0.3},
        }.items():
            self.add_condition(code, **values)
        self.reread()

    def terms(self):
        """47 payment terms: {term: code of the condition that Exact must get, None for a default}."""
        after = {0: "00", 7: "07", 8: "08", 10: "10", 14: "14", 15: "15", 21: "21", 28: "28"}
        after |= {30: "30", 45: "45", 60: "60", 90: "90", 120: "120"}
        after |= dict.fromkeys((1, 20, 31, 37, 42, 75, 180))
        found = {self.term(f"{n} dagen", nb_days=n): code for n, code in after.items()}
        following = {0: "EM", 8: "08EM", 15: "15EM", 30: "30EM", 10: None, 60: None}
        for days, code in following.items():
            found[self.term(f"EVM {days}", delay_type=NEXT, nb_days=days)] = code
        for days in (0, 5, 15, 30):
            found[self.term(f"ELM {days}", delay_type=CURRENT, nb_days=days)] = None
        for days, on in ((0, 10), (0, 0), (0, 31), (0, 29), (30, 0), (30, 10), (60, 15)):
            name = f"{days} dagen, de {on}e"
            term = self.term(name, delay_type=ON_THE, nb_days=days, days_next_month=str(on))
            # The 31st of the next month is its end, in other words.
            found[term] = "EM" if (days, on) == (0, 31) else None
        found[self.term("30 met korting", discount=True, nb_days=30)] = None
        found[self.term("75 met korting", discount=True, nb_days=75)] = None
        found[self.term("30/70", parts=[(30, 30), (70, 60)])] = None
        found[self.term("Drie keer", parts=[(30, 0), (30, 30), (40, 60)])] = None
        found[self.term("14 dagen incasso", nb_days=14)] = "I14"
        found[self.term("30 dagen domiciliëring", nb_days=30)] = "I30"
        found[self.term("SEPA 8", nb_days=8)] = "I08"
        found[self.term("Prélèvement EVM", delay_type=NEXT, nb_days=0)] = "IEM"
        found[self.term("37 dagen incasso", nb_days=37)] = None
        found[self.term("60 dagen incasso", nb_days=60)] = None
        return found

    def year_of(self, code):
        """Exact's due date for each day, from entries booked in its ledger without a due date."""
        if code not in self.years:
            self.years[code] = [self.derived(code, day) for day in DAYS]
        return self.years[code]

    def compare(self, terms):
        """Each term and day: Exact derives Odoo's due date, or the document carries the note.

        :return: {term: days on which the due dates differ}
        """
        self.years, apart = {}, {}
        connection, mapper = self.connection, self.mapper
        for term in terms:
            choice = mapper._choose(connection, term)
            condition = choice.condition
            apart[term] = 0
            for day, exact in zip(DAYS, self.year_of(condition.code), strict=True):
                odoo = max(line._get_due_date(day) for line in term.line_ids)
                if exact == odoo:
                    continue
                apart[term] += 1
                notes = "\n".join(mapper._due_notes(connection, condition, day, odoo))
                for word in (condition._label(), format_date(self.env, exact), "holds"):
                    self.assertIn(word, notes, (term.name, day))
        return apart

    def test_r21_ledger_of_exact_has_odoos_due_date_or_the_document_says_why_not(self):
        terms = self.terms()
        self.assertGreaterEqual(len(terms), 40)
        apart = self.compare(terms)
        for term, code in terms.items():
            choice = self.choose(term)
            if code:
                self.assertEqual((choice.condition.code, apart[term]), (code, 0), term.name)
                continue
            default = "I30" if term.exact_direct_debit else "30"
            self.assertEqual(choice.condition.code, default, term.name)
            self.assertRegex("\n".join(choice.notes), f"{term.name} is not mapped, and .* default")
            self.assertTrue(apart[term] or term.early_discount, term.name)
        self.assertEqual(sum(bool(code) for code in terms.values()), 22)

    def test_r21_documents_keep_odoos_due_date_in_exact(self):
        days = [date(2028, 1, 31), date(2028, 2, 29), date(2027, 12, 31), date(2028, 1, 1)]
        moves = self.env["account.move"]
        for number, term in enumerate(list(self.terms())[::3]):
            moves |= self.on(days[number % len(days)], term, partner=self.buyer)
        moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"}, moves.mapped("exact_message"))
        rows = {row["EntryID"]: row for row in self.sim_rows("salesentry/SalesEntries")}
        for move in moves:
            row, term = rows[move.exact_entry_id], move.invoice_payment_term_id
            self.assertEqual(row["DueDate"].date(), move.invoice_date_due, term.name)
            (item,) = self.division.ledger.receivables.items(move.exact_entry_id)
            self.assertEqual(item["DueDate"].date(), move.invoice_date_due, term.name)
            choice = self.choose(term)
            self.assertEqual(row["PaymentCondition"], choice.condition.code)
            told = move.exact_exchange_ids.notes or ""
            derived = self.derived(row["PaymentCondition"], move.invoice_date)
            if derived != move.invoice_date_due:
                self.assertIn(format_date(self.env, derived), told, term.name)
            for note in choice.notes:
                self.assertIn(note, told)

    def test_r25_either_way_of_counting_month_ends_is_right_or_noted(self):
        """Exact counting the other way than documented: told while unset, right once set."""
        terms = {
            self.term(f"{kind[11:]} {days}", delay_type=kind, nb_days=days): (kind, days)
            for kind in (NEXT, CURRENT)
            for days in (0, 8, 15, 30)
        }
        self.division.country.options["month_ends"] = "first"
        apart = self.compare(terms)
        for term, (kind, _days) in terms.items():
            self.assertEqual(apart[term], 366 if kind == NEXT else apart[term], "noted each day")
        self.connection.month_end_reading = "first"
        apart = self.compare(terms)
        for term, (kind, _days) in terms.items():
            if kind == CURRENT:
                self.assertEqual((apart[term], self.choose(term).notes), (0, []), term.name)
        self.assertEqual(
            self.choose(next(t for t in terms if terms[t] == (CURRENT, 15))).condition.code, "15EM"
        )

    @cached_property
    def buyer(self):
        return self.customer()
