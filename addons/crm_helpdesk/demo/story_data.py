"""What customers came with in the last weeks, and how it went.

(subject, type, priority, days ago, hour, hours until taken, until answered, path)
The path is a list of (hours after opening, stage). None: it never happened.
"""

PROGRESS, WAITING, SOLVED, CANCELLED = "progress", "waiting", "solved", "cancelled"

# Tag: words in the subject.
TAGS = {
    "Printers": ("printer", "toner", "scanner", "paper jam"),
    "Furniture": ("chair", "lamp", "desk"),
    "Invoices": ("invoice", "price"),
    "Deliveries": ("delivery", "arrived", "order"),
    "Portal": ("portal", "download"),
}

TICKETS = [
    ("Toner leaks in the printer", "complaint", "2", 26, 9, 0.5, 1, [(1, PROGRESS), (5, SOLVED)]),
    ("Invoice with the wrong address", "question", "0", 25, 11, 1, 1.5, [(1.5, PROGRESS), (3, SOLVED)]),
    ("Two boxes of paper arrived wet", "return", "1", 24, 14, 2, 3, [(3, PROGRESS), (27, SOLVED)]),
    ("Which toner fits our new printer?", "question", "0", 23, 10, 0.2, 0.5, [(0.5, SOLVED)]),
    ("Delivery is two days late", "complaint", "2", 22, 8, 6, 7, [(7, PROGRESS), (30, SOLVED)]),
    ("Stapler jams at every page", "return", "1", 21, 15, 1, 1.5, [(2, WAITING), (48, SOLVED)]),
    ("Wrong color of folders", "return", "0", 19, 9, 0.5, 1, [(1, PROGRESS), (4, SOLVED)]),
    ("Login to the portal does not work", "question", "3", 18, 10, 0.1, 0.3, [(0.3, PROGRESS), (2, SOLVED)]),
    ("Cannot download the invoice", "question", "1", 17, 13, 1, 2.5, [(2.5, PROGRESS), (25, SOLVED)]),
    ("Order entered twice", "question", "1", 16, 9, 0.5, 0.7, [(0.7, CANCELLED)]),
    (
        "Damaged chair, one leg bent",
        "return",
        "2",
        15,
        11,
        0.5,
        1,
        [(1, WAITING), (24, PROGRESS), (28, SOLVED)],
    ),
    ("Scanner does not scan both sides", "complaint", "2", 12, 9, 3, 4, [(4, PROGRESS), (29, SOLVED)]),
    ("Missing pens in the parcel", "complaint", "0", 11, 16, 0.5, 17, [(17, PROGRESS), (20, SOLVED)]),
    ("Price differs from the quotation", "question", "1", 10, 10, 0.3, 1, [(1, PROGRESS), (6, SOLVED)]),
    ("Please change the day of delivery", "question", "0", 9, 9, 0.2, 0.4, [(0.4, SOLVED)]),
    ("Smell of burning from the shredder", "complaint", "3", 8, 14, 0.1, 0.2, [(0.2, PROGRESS), (3, SOLVED)]),
    ("Return of 4 unopened toners", "return", "0", 5, 10, 1, 1.2, [(1.2, WAITING)]),
    ("Which warranty has the label printer?", "question", "0", 4, 11, 0.5, 1, [(1, WAITING)]),
    ("Desk lamp flickers", "complaint", "1", 3, 9, 1, 2, [(2, PROGRESS)]),
    ("Wrong VAT number on the invoice", "question", "2", 2, 15, 1, 2, [(2, PROGRESS)]),
    ("Paper jam after changing the drum", "complaint", "2", 1, 9, 2, None, [(2, PROGRESS)]),
    ("Delivery note without quantities", "question", "0", 0, 8, 0.5, 1, [(1, PROGRESS)]),
    ("Printer offline since this morning", "complaint", "3", 0, 9, None, None, []),
    ("Can we get paper of 120 g?", "question", "0", 0, 9, None, None, []),
    ("Credit note for the returned chair?", "return", "1", 0, 10, None, None, []),
]
