"""The ways a contact takes; one list for the timeline, consents and preferences."""

# Ways we may use to address a person.
CONTACT_CHANNELS = [
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("sms", "Text Message"),
    ("message", "Message"),
    ("letter", "Letter"),
]

CHANNELS = [
    ("document", "Document"),
    *CONTACT_CHANNELS,
    ("meeting", "Meeting"),
    ("portal", "Portal"),
    ("other", "Other"),
]
