//! A telling question as a test to paste.

use super::mutation::Telling;

/// The test, which takes the checks from `checks()` and the rules from `gates()`.
pub(super) fn rust(twins: usize, place: &str, edit: &str, telling: &Telling) -> String {
    let name = called(place, edit, twins);
    let near = &telling.near;
    let but = serde_json::to_string(&telling.but).unwrap_or_default();
    let but = raw(&but);
    let ruling = telling.ruling.to_string();
    let story = comment(&format!("{place}: {edit}"));
    format!(
        "// Nobody noticed: {story}
#[test]
fn {name}() -> Result<(), Box<dyn std::error::Error>> {{
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == {near:?});
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str({but})?;
    let question = near.and_then(|near| near.but(&but)).ok_or(\"no such case\")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), {ruling:?});
    Ok(())
}}
"
    )
}

/// A name for a function: letters, digits, and one mark between. Two changes may come to the same, and no two functions
/// may: after so many of that name, it has a number.
pub(super) fn called(place: &str, edit: &str, twins: usize) -> String {
    let number = match twins {
        0 => String::new(),
        twins => (twins + 1).to_string(),
    };
    let text = format!("{place} {edit} {number}").to_lowercase();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    format!("noticed_{}", words.join("_"))
}

/// A text that stays in its comment.
fn comment(text: &str) -> String {
    crate::phase::visible(text)
}

/// A raw string that holds that text, whatever it is.
fn raw(text: &str) -> String {
    let mut fence = String::from("#");
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn no_two_changes_give_one_name() {
        let name = |edit, twins| called("go, rules[0]", edit, twins);
        assert_eq!(
            name("`a.b` 1 instead of 2", 0),
            name("`a-b` 1 instead of 2", 0)
        );
        assert_eq!(name("`a-b` 1", 1), "noticed_go_rules_0_a_b_1_2");
        assert_ne!(name("`a-b` 1", 1), name("`a.b` 1", 0));
    }
}
