//! A thing that is no policy says itself which rule it is: one that nobody judges.
use phasegate::gate::{Rule, RuleOn};
use phasegate::release::step::Deploy;

struct Nothing;

impl RuleOn<Deploy> for Nothing {
    fn into_rule(self) -> Rule {
        Rule::All(Vec::new())
    }
}

fn main() {}
