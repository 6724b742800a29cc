"""What inboxes show of a letter, and where they cut."""

from dispatch.editions import inboxes


def test_each_program_cuts_where_it_does():
    desktop, phone, apple = inboxes.lines("The Office", "S" * 60, "P" * 120)
    assert len(desktop.subject) + len(desktop.preheader) == inboxes.GMAIL_ROW
    assert (len(phone.subject), len(apple.subject), len(apple.preheader)) == (40, 38, 85)
    assert phone.subject.endswith("S…")


def test_what_fits_is_whole_and_a_subject_may_leave_no_room():
    assert [line.subject for line in inboxes.lines("Desk", "News", "More")] == ["News"] * 3
    assert inboxes.lines("Desk", "S" * 200, "More")[0].preheader == ""
