"""Payment terms to payment conditions (R21-R27) and the due date of both books (W9)."""

from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import Form, tagged

from exact_simulator.terms import due_date as exact_due_date

from ..due_date import INVOICE_DATES, due_date
from .terms import TermsCase


@tagged("post_install", "-at_install")
class TestTerms(TermsCase):
    # === MATCHING (R21, R25) === #

    join_once = True

    def test_r21_term_is_matched_by_due_date_without_being_mapped(self):
        wanted = [
            ({"nb_days": 0}, "00"),
            ({"nb_days": 14}, "14"),
            ({"nb_days": 30}, "30"),
            ({"nb_days": 31}, None),
            ({"delay_type": "days_after_end_of_next_month", "nb_days": 0}, "EM"),
            ({"delay_type": "days_after_end_of_next_month", "nb_days": 30}, "30EM"),
            # 30 days and then the end of that month: no condition of Exact says that
            (
                {"delay_type": "days_end_of_month_on_the", "nb_days": 30, "days_next_month": "0"},
                None,
            ),
        ]
        for number, (line, code) in enumerate(wanted):
            with self.subTest(line=line):
                term = self.term(f"Termijn {number}", **line)
                choice = self.choose(term)
                self.assertFalse(term.exact_payment_condition_id, "nobody mapped it")
                if code:
                    self.assertEqual((choice.condition.code, choice.notes), (code, []))
                    self.assertIn("same due date on every day of a year", choice.chosen.source)
                else:
                    self.assertEqual(choice.chosen.source, "default payment condition")

    def test_r21_matched_condition_is_what_exact_gets(self):
        move = self.on("2026-11-03", self.term("60", nb_days=60))
        move.action_exact_create_sales_entry()
        (entry,) = self.sim_rows("salesentry/SalesEntries")
        self.assertEqual(entry["PaymentCondition"], "60")
        self.assertEqual(entry["DueDate"].date(), move.invoice_date_due)
        self.assertNotIn("due", "\n".join(self.resolve(move).notes))

    def test_r21_condition_mapped_by_hand_wins_and_its_other_due_date_is_told(self):
        term = self.term("30", nb_days=30)
        term.exact_payment_condition_id = self.exact("payment.condition", "45")
        found = self.resolve(self.on("2026-11-03", term))
        self.assertEqual(found.get("payment_condition").code, "45")
        self.assertIn("payment condition on payment term", found.values["payment_condition"].source)
        (note,) = found.notes
        self.assertIn("12/18/2026", note, "what 45 days would give")
        self.assertIn("12/03/2026", note, "what Odoo has")
        self.assertIn("Nearest condition: 30 – 30 dagen", note)

    def test_r21_changed_term_is_matched_anew(self):
        term = self.term("14", nb_days=14)
        self.assertEqual(self.choose(term).condition.code, "14")
        term.line_ids.nb_days = 21
        self.assertEqual(self.choose(term).condition.code, "21")
        self.accountant("condition", code="21", PaymentDays=22)
        self.reread()
        self.assertEqual(self.choose(term).condition.code, "30", "21 is no 21 days any more")

    def test_r21_documents_of_a_batch_cost_the_matching_once(self):
        move = self.on("2026-11-03", self.term("37", nb_days=37))
        self.mapper._choose_for_move(move, self.connection)
        before = self.env.cr.sql_log_count
        for _number in range(200):
            self.mapper._choose_for_move(move, self.connection)
        self.assertEqual(self.env.cr.sql_log_count, before)

    def test_r25_end_of_month_only_matches_end_of_month(self):
        # The end of the current month and the 29th of the next can each be had in some months only.
        for line in (
            {"delay_type": "days_after_end_of_month", "nb_days": 0},
            {"delay_type": "days_after_end_of_month", "nb_days": 30},
            {"delay_type": "days_end_of_month_on_the", "nb_days": 0, "days_next_month": "29"},
            {"delay_type": "days_after", "nb_days": 31},
        ):
            self.add_condition("31", PaymentDays=31, PaymentEndOfMonths=1)
            self.reread()
            found, reason, confidence = self.mapper._propose(
                self.connection, self.term("x", **line)
            )
            self.assertFalse(found, (line, found))
            self.assertEqual(confidence, "none")
            self.assertIn("no condition", reason)

    def test_r25_a_leap_year_and_a_common_one_are_compared(self):
        days = set(INVOICE_DATES)
        self.assertEqual(len(days), 731)
        for day in (date(2028, 2, 29), date(2027, 2, 28), date(2027, 12, 31), date(2028, 1, 1)):
            self.assertIn(day, days)
        # Alike in a leap year, one day apart in a common one
        self.connection.month_end_reading = "first"
        self.add_condition("E29", PaymentEndOfMonths=1, PaymentDays=29)
        self.reread()
        term = self.term(
            "29", delay_type="days_end_of_month_on_the", nb_days=0, days_next_month="29"
        )
        self.assertFalse(self.mapper._propose(self.connection, term)[0])

    def test_r25_other_way_of_counting_month_ends_is_a_setting_and_told_until_it_is_set(self):
        following = self.term("EM", delay_type="days_after_end_of_next_month", nb_days=0)
        current = self.term("LM", delay_type="days_after_end_of_month", nb_days=0)
        move = self.on("2027-01-17", following)
        self.assertEqual(move.invoice_date_due, date(2027, 2, 28))
        found = self.resolve(move)
        self.assertEqual(found.get("payment_condition").code, "EM")
        (note,) = found.notes
        self.assertRegex(note, "counts month ends.*01/31/2027")
        self.connection.month_end_reading = "whole"
        self.assertEqual(self.resolve(move).notes, [])
        self.connection.month_end_reading = "first"
        self.assertEqual(self.resolve(move).get("payment_condition").code, "30")
        self.assertEqual(self.choose(current).condition.code, "EM")
        self.assertEqual(self.resolve(self.on("2027-01-17", current)).notes, [])

    # === DEFAULT (R22, R23) === #

    def test_r22_unmatched_term_takes_the_default_and_the_document_says_so(self):
        move = self.on("2026-11-03", self.term("37 dagen", nb_days=37))
        move.action_exact_create_sales_entry()
        (entry,) = self.sim_rows("salesentry/SalesEntries")
        self.assertEqual(entry["PaymentCondition"], "30")
        self.assertEqual(entry["DueDate"].date(), date(2026, 12, 10), "Odoo's due date")
        told = self.chatter(move)
        self.assertRegex(told, "37 dagen is not mapped.*default condition 30 – 30 dagen is used")
        self.assertIn("12/03/2026", told, "what Exact would have made of it")

    def test_r23_credit_note_takes_the_default_whatever_term_it_carries(self):
        term = self.term("60", nb_days=60)
        debit = self.term("14 dagen incasso", nb_days=14)
        mapped = self.term("45", nb_days=45)
        mapped.exact_payment_condition_id = self.exact("payment.condition", "45")
        for one in (term, debit, mapped, self.term("korting", discount=True, nb_days=30)):
            found = self.resolve(self.on("2026-11-03", one, move_type="out_refund"))
            self.assertEqual(found.get("payment_condition").code, "30", one.name)
            self.assertRegex("\n".join(found.notes), f"Credit notes.*{one.name} does not count")
        plain = self.resolve(self.on("2026-11-03", move_type="out_refund"))
        self.assertEqual((plain.get("payment_condition").code, plain.notes), ("30", []))

    # === DISCOUNT AND INSTALMENTS (R24) === #

    def test_r24_term_with_early_discount_takes_the_default_with_a_warning(self):
        move = self.on("2026-11-03", self.term("60 dagen 2 %", discount=True, nb_days=60))
        found = self.resolve(move)
        self.assertEqual(found.get("payment_condition").code, "30")
        self.assertRegex("\n".join(found.notes), "60 dagen 2 %.*early-payment discount.*default")

    def test_r24_term_in_instalments_takes_the_default_with_a_note_and_the_last_due_date(self):
        move = self.on("2026-11-03", self.term("30/60", parts=[(50, 30), (50, 60)]))
        found = self.resolve(move)
        self.assertEqual(found.get("payment_condition").code, "30")
        self.assertRegex("\n".join(found.notes), "30/60.*several instalments.*default")
        self.assertIn("01/02/2027", "\n".join(found.notes))

    def test_r24_conditions_with_discount_or_instalments_cannot_be_chosen(self):
        term = self.term("30", nb_days=30)
        offered = {
            "term": self.choices(term, "exact_payment_condition_id", exact_direct_debit=False),
            "default": self.choices(self.connection, "default_payment_condition_id"),
        }
        for place, codes in offered.items():
            self.assertFalse({"K2", "2T"} & codes, place)
            self.assertIn("30", codes, place)
        for code, words in (("K2", "early-payment discount"), ("2T", "several instalments")):
            condition = self.exact("payment.condition", code)[:1]
            self.refused(words, term, "exact_payment_condition_id", condition)
            self.refused(words, self.connection, "default_payment_condition_id", condition)

    def test_r24_condition_that_got_a_discount_or_instalments_stops_the_document(self):
        term = self.term("45", nb_days=45)
        term.exact_payment_condition_id = self.exact("payment.condition", "45")
        move, other = self.on("2026-11-03", term), self.on("2026-11-03")
        for values, cause in (
            ({"DiscountPercentage": 0.02, "Percentage": 1}, "condition_discount"),
            ({"DiscountPercentage": 0, "Percentage": 0.5}, "condition_instalments"),
        ):
            for code in ("45", "30"):
                self.accountant("condition", code=code, **values)
            self.reread()
            self.clear_calls()
            (move | other).action_exact_create_sales_entry()
            self.assertEqual((move | other).mapped("exact_state"), ["failed", "failed"])
            self.assertEqual(
                (move | other).mapped("exact_problem_ids.cause_id.code"), [cause], cause
            )
            self.assertFalse(self.calls(), "it costs no call")
            records = [(p.res_model, p.res_id) for m in (move, other) for p in m.exact_problem_ids]
            self.assertEqual(
                records, [(term._name, term.id), (self.connection._name, self.connection.id)]
            )
        for code in ("45", "30"):
            self.accountant("condition", code=code, Percentage=1)
        self.reread()
        (move | other).action_exact_create_sales_entry()
        self.assertEqual((move | other).mapped("exact_state"), ["done", "done"])

    def test_r24_two_rows_of_one_code_are_instalments_even_without_shares(self):
        self.add_condition("15", PaymentDays=45)
        self.reread()
        self.assertEqual(set(self.exact("payment.condition", "15").mapped("instalments")), {2})
        self.assertEqual(self.choose(self.term("15", nb_days=15)).condition.code, "30")

    # === DIRECT DEBIT (R26) === #

    def test_r26_direct_debit_is_proposed_from_the_name_and_kept_as_ticked(self):
        names = {
            "14 dagen incasso": True,
            "Domiciliëring 30 dagen": True,
            "Domiciliation 30 jours": True,
            "Prélèvement": True,
            "30 days direct debit": True,
            "SEPA-Lastschrift 8 Tage": True,
            "SEPA 14": True,
            "SEPA overboeking 14 dagen": False,
            "30 dagen": False,
        }
        terms = {name: self.term(name, nb_days=14) for name in names}
        self.assertEqual({name: terms[name].exact_direct_debit for name in names}, names)
        translated = self.term("14 days", nb_days=14)
        self.env["res.lang"]._activate_lang("nl_NL")
        translated.with_context(lang="nl_NL").name = "14 dagen automatische incasso"
        self.assertTrue(translated.exact_direct_debit)
        plain = terms["30 dagen"]
        plain.exact_direct_debit = True
        plain.name = "30 dagen netto"
        self.assertTrue(plain.exact_direct_debit)

    def test_r26_families_never_mix_for_equal_days(self):
        for days in (14, 30):
            credit = self.term(f"{days} dagen", nb_days=days)
            debit = self.term(f"{days} dagen incasso", nb_days=days)
            self.assertEqual(self.choose(credit).condition.code, str(days))
            self.assertEqual(self.choose(debit).condition.code, f"I{days}")
        for code in ("30", "I14"):
            self.accountant("remove", resource="cashflow/PaymentConditions", code=code)
        self.connection.default_payment_condition_id = self.exact("payment.condition", "45")
        self.reread()
        self.assertEqual(self.choose(self.term("30", nb_days=30)).condition.code, "45")
        debit = self.choose(self.term("14 incasso", nb_days=14))
        self.assertEqual(debit.condition.code, "I30", "the default of its own family")
        self.assertIn("no direct-debit condition", "\n".join(debit.notes))

    def test_r26_payment_method_of_the_invoice_makes_it_a_direct_debit(self):
        term = self.term("14", nb_days=14)
        term.exact_payment_condition_id = self.exact("payment.condition", "14")
        bank = self.company_data["default_journal_bank"]
        method = bank.inbound_payment_method_line_ids[:1]
        move = self.on("2026-11-03", term, preferred_payment_method_line_id=method.id)
        self.assertEqual(self.resolve(move).get("payment_condition").code, "14")
        method.name = "SEPA incasso"
        found = self.resolve(move)
        self.assertEqual(found.get("payment_condition").code, "I14")
        self.assertIn("collected by direct debit", "\n".join(found.notes))

    def test_r26_default_of_direct_debit_falls_back_with_a_note(self):
        self.assertEqual(self.connection.default_debit_condition_id.code, "I30", "proposed")
        term = self.term("37 incasso", nb_days=37)
        self.assertEqual(self.choose(term).condition.code, "I30")
        self.connection.default_debit_condition_id = False
        found = self.choose(term)
        self.assertEqual(found.condition.code, "30")
        self.assertIn("no default condition for that", "\n".join(found.notes))

    def test_r26_mapping_across_the_families_is_refused(self):
        credit, debit = self.term("30", nb_days=30), self.term("30 incasso", nb_days=30)
        both = {}
        for term in (credit, debit):
            both[term] = self.choices(
                term, "exact_payment_condition_id", exact_direct_debit=term.exact_direct_debit
            )
        self.assertEqual(both[debit], {"I14", "I30"})
        self.assertFalse(both[credit] & both[debit])
        b30, i30 = self.exact("payment.condition", "30"), self.exact("payment.condition", "I30")
        self.refused("tick Direct Debit", credit, "exact_payment_condition_id", i30)
        self.refused("untick Direct Debit", debit, "exact_payment_condition_id", b30)
        self.refused("is a direct debit", self.connection, "default_payment_condition_id", i30)
        self.refused("is no direct debit", self.connection, "default_debit_condition_id", b30)
        self.assertNotIn("30", self.choices(self.connection, "default_debit_condition_id"))
        # Renamed, it can be saved; what was chosen is not used and the document says so.
        credit.exact_payment_condition_id = b30
        credit.name = "30 dagen automatische incasso"
        self.env.flush_all()
        choice = self.choose(credit)
        self.assertEqual(choice.condition, i30)
        self.assertIn("30 – 30 dagen of payment term", "\n".join(choice.notes))

    def test_r26_default_that_became_a_direct_debit_in_exact_stops_the_document(self):
        move = self.on("2026-11-03")
        self.accountant("condition", code="30", PaymentMethod="I")
        self.reread()
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_problem_ids.cause_id.code, "condition_family")
        self.assertFalse(self.calls())

    # === EQUAL CANDIDATES (R27) === #

    def test_r27_of_equal_candidates_the_mapped_one_else_the_lowest_code_with_a_warning(self):
        self.add_condition("29A", PaymentDays=30, PaymentMethod="K")
        self.reread()
        term = self.term("30", nb_days=30)
        found, _reason, confidence = self.mapper._propose(self.connection, term)
        self.assertEqual((found.mapped("code"), confidence), (["29A", "30"], "low"))
        choice = self.choose(term)
        self.assertEqual(choice.condition.code, "29A")
        self.assertRegex("\n".join(choice.notes), "29A, 30 fall due alike.*lowest code")
        term.exact_payment_condition_id = self.exact("payment.condition", "30")
        choice = self.choose(term)
        self.assertEqual((choice.condition.code, choice.notes), ("30", []))
        found, _reason, confidence = self.mapper._propose(self.connection, term)
        self.assertEqual((found[0].code, confidence), ("30", "high"))

    def test_r27_payment_service_is_only_chosen_by_hand(self):
        self.add_condition("07", PaymentDays=7, PaymentMethod="Q")
        self.reread()
        term = self.term("7", nb_days=7)
        self.assertEqual(self.choose(term).condition.code, "30")
        term.exact_payment_condition_id = self.exact("payment.condition", "07")
        self.assertEqual(self.choose(term).condition.code, "07")

    # === SCREENS AND WARNINGS (W9) === #

    def test_w09_due_date_of_exact_is_shown_beside_odoos_before_and_after_sending(self):
        same = self.on("2026-11-03", self.term("60", nb_days=60))
        self.assertFalse(same.exact_due_note)
        move = self.on("2026-11-03", self.term("37", nb_days=37), send=False)
        self.clear_calls()
        for word in ("12/03/2026", "12/10/2026", "sent and holds", "37 is not mapped"):
            self.assertIn(word, move.exact_due_note)
        self.assertFalse(self.calls(), "it costs no call")
        move.is_move_sent = True
        move.action_exact_create_sales_entry()
        self.connection.default_payment_condition_id = self.exact("payment.condition", "60")
        self.env.invalidate_all()
        self.assertIn("12/03/2026", move.exact_due_note, "what was sent, not what would be now")

    def test_w09_due_date_chosen_by_hand_names_the_nearest_condition(self):
        move = self.on("2026-11-03", invoice_date_due="2026-11-18")
        self.assertRegex(
            move.exact_due_note, "12/03/2026.*11/18/2026.*Nearest condition: 15 – 15 d"
        )
        table = [(14, False, "14"), (20, False, "21"), (35, False, "30"), (20, True, "I14")]
        for days, debit, code in table:
            chosen = self.exact("payment.condition", "I30" if debit else "60")
            day = date(2026, 11, 3)
            near = self.mapper._nearest(self.connection, chosen, day, day + timedelta(days=days))
            self.assertEqual(near.code, code, days)

    def test_w09_nothing_is_shown_where_exact_does_not_come_in(self):
        term = self.term("37", nb_days=37)
        early = self.on("2019-12-31", term)
        bill = self.on("2026-11-03", term, move_type="in_invoice")
        self.assertFalse(early.exact_due_note or bill.exact_due_note)

    def test_w09_payment_term_shows_what_exact_will_use(self):
        term = self.term("30", nb_days=30)
        summary = "Exact will use: 30 – 30 dagen (same due date on every day of a year)"
        self.assertEqual(term.exact_condition_summary, summary)
        with Form(term) as form:
            form.exact_payment_condition_id = self.exact("payment.condition", "45")
            self.assertIn("45 – 45 dagen (chosen here)", form.exact_condition_summary)
            self.assertIn("Its due date differs from Odoo's, which", form.exact_condition_summary)
            form.exact_direct_debit = True
            self.assertFalse(form.exact_payment_condition_id, "of the other family")
            self.assertIn("I30", form.exact_condition_summary)
        odd = self.term("37", nb_days=37)
        self.assertRegex(odd.exact_condition_summary, "30 – 30 dagen.*default payment condition")
        late = self.term("31e", delay_type="days_after_end_of_month", nb_days=30)
        late.exact_payment_condition_id = self.exact("payment.condition", "EM")
        self.assertRegex(late.exact_condition_summary, r"differs from Odoo's on \d\d % of all days")

    def test_w09_change_in_exact_is_kept_until_the_next_refresh(self):
        term = self.term("14", nb_days=14)
        condition, default = (self.exact("payment.condition", code) for code in ("14", "30"))
        term.exact_payment_condition_id = condition
        self.assertEqual(self.mapper._days_apart(condition, term), 0)
        self.accountant("condition", code="14", PaymentDays=15)
        self.accountant("condition", code="30", DiscountPercentage=0.02)
        self.reread()
        self.assertEqual(condition.exact_change, "14 days, On Credit → 15 days, On Credit")
        self.assertEqual(self.mapper._days_apart(condition, term), 731)
        self.assertRegex(default.exact_change, "→ 30 days, On Credit, 2 % discount")
        self.assertEqual(default._why_refused()[0], "condition_discount")
        (note,) = self.resolve(self.on("2026-11-03", term)).notes
        self.assertIn("11/18/2026", note, "Odoo's due date is a day earlier")
        self.reread()
        self.assertFalse((condition | default).filtered("exact_change"))

    def test_w09_mapping_of_another_company_does_not_count(self):
        term = self.term("37", nb_days=37)
        company, other = self.other_company()
        term.with_company(company).exact_payment_condition_id = self.exact(
            "payment.condition", "45", other
        )
        self.assertEqual(self.choose(term).condition.connection_id, self.connection)
        self.assertEqual(self.choose(term).condition.code, "30")
        found = self.mapper._choose(other, term).condition
        self.assertEqual((found.code, found.connection_id), ("45", other))

    # === GAPS AND CUSTOMERS === #

    def test_r22_gaps_name_terms_without_an_equal_and_what_stops(self):
        matched, odd = self.term("30", nb_days=30), self.term("37 dagen", nb_days=37)
        for term in (matched, odd):
            self.on("2026-11-03", term)

        def gaps():
            return [gap for gap in self.connection._get_gaps() if gap.kind == "condition"]

        (gap,) = gaps()
        self.assertEqual((gap.record, gap.blocking), (odd, False))
        self.accountant("condition", code="30", Percentage=0.5)
        self.reread()
        found = gaps()
        self.assertEqual({gap.blocking for gap in found}, {True})
        self.assertIn(self.connection, [gap.record for gap in found])

    def test_r21_customers_get_the_condition_of_their_term_both_ways(self):
        term = self.term("21 dagen", nb_days=21)
        terms = self.mapper._terms_by_code(self.connection)
        self.assertEqual(self.env["account.payment.term"].browse(terms["21"]).line_ids.nb_days, 21)
        partner = self.customer(known=False)
        partner.with_company(self.company).property_payment_term_id = term
        values = self.env["exact.mapper.account"]._exact_values(partner, self.connection)
        self.assertEqual(values["PaymentConditionSales"], "21")
        chosen = self.term("bijzonder", nb_days=99)
        chosen.exact_payment_condition_id = self.exact("payment.condition", "21")
        terms = self.mapper._terms_by_code(self.connection)
        self.assertEqual(terms["21"], chosen.id, "chosen by hand goes first")

    # === PROPERTIES === #

    def test_r25_due_date_of_any_condition_on_any_day_is_the_one_exact_derives(self):
        condition = self.env["exact.payment.condition"].new({})

        @settings(max_examples=100, deadline=None)
        @given(
            day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
            month_ends=st.integers(0, 24),
            days=st.integers(0, 400),
            reading=st.sampled_from(["whole", "first"]),
        )
        def holds(day, month_ends, days, reading):
            condition.update({"end_of_months": month_ends, "payment_days": days})
            due = condition._get_due_date(day, reading)
            start = due - timedelta(days=days)
            if not month_ends:
                self.assertEqual(start, day)
            else:
                self.assertEqual((start + timedelta(days=1)).day, 1, "a month's end")
                apart = (start.year - day.year) * 12 + start.month - day.month
                self.assertEqual(apart, month_ends - (reading == "first"))
                self.assertGreaterEqual(start, day)
            later = day + timedelta(days=1)
            self.assertLessEqual(due, condition._get_due_date(later, reading), "never earlier")
            theirs = exact_due_date(at_midnight(day), month_ends, days, reading)
            self.assertEqual(due, theirs.date())
            if reading == "whole":
                self.assertEqual(due, condition._get_due_date(day), "as documented by itself")

        holds()

    def test_r25_example_of_the_documentation(self):
        self.assertEqual(due_date(date(2027, 1, 17), 2, 15), date(2027, 4, 15))


def at_midnight(day):

    return datetime.combine(day, time())
