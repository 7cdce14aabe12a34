//! What a gate asks for, as an outline.

use super::Outline;
use crate::gate::{AnyGate, Requirement, Rule};
use crate::release::Enforcement;

impl AnyGate {
    /// What it asks for: its rules, combinations with their parts, and who may override it.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let id = self.id();
        let head = Outline::new().own("gate ").name(&id.name);
        let head = head.own(format!(
            " version {} on {}, rules {:.12}",
            id.version,
            self.action(),
            id.digest
        ));
        let tracks: Vec<_> = self.tracks().iter().map(ToString::to_string).collect();
        let tracks = (!tracks.is_empty())
            .then(|| Outline::new().own(format!("on the track {} only", tracks.join(" or "))));
        let roles = self.override_roles();
        let overriding = if roles.is_empty() {
            Outline::new().own("cannot be overridden")
        } else {
            Outline::new().own("can be overridden by: ").names(roles)
        };
        head.under(tracks)
            .under_all(self.requirements().iter().map(required))
            .under(overriding)
    }
}

fn required(requirement: &Requirement) -> Outline {
    let head = Outline::new().own(match requirement.enforcement {
        Enforcement::Block => "",
        Enforcement::Warn => "warning: ",
        Enforcement::Shadow => "shadow: ",
    });
    rule(head, &requirement.rule)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a policy has a name and parameters, whichever it is"
)]
fn rule(head: Outline, one: &Rule) -> Outline {
    let parts = one.parts().iter().map(|part| rule(Outline::new(), part));
    match one {
        Rule::All(_) => head.own("all of these").under_all(parts),
        Rule::Any(_) => head.own("any of these").under_all(parts),
        Rule::AtLeast(at_least) => {
            let told = format!("at least {} of these", at_least.count());
            head.own(told).under_all(parts)
        }
        Rule::Not(_) => head.own("not this").under_all(parts),
        Rule::When(conditional) => head
            .own("where ")
            .prose(conditional.condition.to_string())
            .under_all(parts),
        Rule::Unless(conditional) => head
            .own("but where ")
            .prose(conditional.condition.to_string())
            .under_all(parts),
        Rule::Host(host) => {
            let line = head.name(one.name()).own(", the host's own, ");
            line.prose(host.params())
        }
        _ => head.name(one.name()).own(" ").prose(one.params()),
    }
}
