//! The freeze calendar of the examples says what its facts say, and its facts are those of the records.

#[expect(dead_code, reason = "`cargo run` calls its main")]
#[path = "../../examples/freeze_calendar.rs"]
mod example;

pub(crate) use example::facts;
use example::page;

#[test]
fn the_page_stays_as_it_is() {
    insta::assert_snapshot!(page(&facts().unwrap()).unwrap());
}

#[test]
fn the_page_is_plain_text_of_at_most_100_columns() {
    for line in page(&facts().unwrap()).unwrap().lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert!(!line.chars().any(char::is_control), "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn the_next_free_slot_is_what_the_release_leaves_of_the_day() {
    let page = page(&facts().unwrap()).unwrap();
    // The tag ends the freeze, and the work fits in before five.
    assert!(
        page.contains("2 hours: 2022-12-08 14:51:43 to 2022-12-08 17:00:00\n"),
        "{page}"
    );
    assert!(
        page.contains("\n   5 F   6 F   7 F   8 o   9 o  10 -  11 -\n"),
        "{page}"
    );
    assert!(page.contains("\n  26 H  27 o"), "{page}");
}
