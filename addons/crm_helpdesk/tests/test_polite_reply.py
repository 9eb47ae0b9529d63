import doctest

from odoo.tests import BaseCase, tagged

from ..lib import polite_reply
from ..lib.polite_reply import is_thanks, own_words

NAMES = ["Anna Berg", "Iris", "Customer Care"]
THANKS = (
    "Thanks!",
    "thank you",
    "Thank you very much, Anna.",
    "Hi Anna,\n\nthank you for your help!\n\nBest regards\nIris",
    "Perfect, thanks 👍",
    "Danke schön!",
    "Vielen Dank für die schnelle Hilfe.\nViele Grüße\nIris",
    "Merci beaucoup, ça marche",
    "Bedankt! Het werkt.",
    "Muchas gracias por su ayuda",
    "Grazie mille per l'aiuto",
    "Muito obrigada!",
    "Dziękuję bardzo za pomoc",
    "Děkuji",
    "Tack så mycket",
    "Thanks\n\nSent from my phone",
    "Thank you!\n\nOn Mon, 2 Mar 2026 at 10:00, Anna Berg <anna@desk.example> wrote:\n> Does it still leak?",
    "Danke!\n\nAm 02.03.2026 um 10:00 schrieb Anna Berg:\n> Geht es jetzt?",
    "Danke\n-- \nIris, Alma Wholesale, Tel. 123",
)
NO_THANKS = (
    "",
    "   ",
    "Thanks, but it still leaks",
    "Thank you. When will it come?",
    "Thanks?",
    "No thanks",
    "Vielen Dank, leider geht es nicht",
    "Merci, mais non",
    "It works",  # nobody is thanked
    "Hello Anna",
    "Thanks for nothing",
    "Thank you, my new number is 12345",
    "Thanks Bob",  # nobody here is called so
    "thank you " * 20,
)


@tagged("post_install", "-at_install")
class TestPoliteReply(BaseCase):
    """Pure: which answers say thank you and nothing else."""

    def test_thanks(self):
        for text in THANKS:
            with self.subTest(text=text):
                self.assertTrue(is_thanks(text, NAMES))

    def test_anything_more_is_for_people(self):
        for text in NO_THANKS:
            with self.subTest(text=text):
                self.assertFalse(is_thanks(text, NAMES))

    def test_a_word_added_to_thanks_is_always_heard(self):
        for text in THANKS:
            for word in ("not", "nicht", "broken", "why?"):
                with self.subTest(text=text, word=word):
                    self.assertFalse(is_thanks(f"{word} {text}", NAMES))

    def test_own_words_end_where_others_begin(self):
        self.assertEqual(own_words("Yes.\n> No?\nMaybe"), "Yes.")
        self.assertEqual(own_words("Ja\n-----Original Message-----\nNein"), "Ja")

    def test_examples_of_the_documentation(self):
        self.assertEqual(doctest.testmod(polite_reply).failed, 0)
