//! A telling question as a test to paste.

use super::mutation::Telling;

/// The test, which takes the checks from `checks()` and the rules from `gates()`.
pub(super) fn rust(place: &str, edit: &str, telling: &Telling) -> String {
    let name = called(&format!("{place} {edit}"));
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

/// A name for a function: letters, digits, and one mark between.
fn called(text: &str) -> String {
    let text = text.to_lowercase();
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
