//! A policy that says itself which rule it is: one that nobody judges.
use phasegate::gate::{Ask, Policy, Rule};
use phasegate::release::Verdict;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Absent {}

impl Policy for Absent {
    type Reads = ();
    const NAME: &'static str = "absent";
    const READS_MODEL: bool = true;

    fn judge(&self, _ask: &Ask<'_>, (): ()) -> Verdict {
        Verdict::SATISFIED
    }

    fn into_rule(self) -> Rule {
        Rule::All(Vec::new())
    }
}

fn main() {}
