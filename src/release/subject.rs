//! What an approval is about, part by part.

use super::decision::GateId;
use super::digest::{Digest, Digested, Fields};
use super::state::{GrantedOverride, State};
use super::steps::AnyStep;
use super::words::plain;

plain! {
    /// What an approval is about: the step with what it was asked with, and everything that it would act on.
    ///
    /// An approval counts only while all of it is what was approved; the parts tell what changed since.
    #[derive(Copy, PartialOrd, Ord)]
    pub struct Subject {
        /// The step with its arguments: the window, say.
        step: Digest,
        /// What was asked for when the release began.
        request: Digest,
        /// The plan, its scope included.
        plan: Digest,
        /// The release package.
        package: Digest,
        /// The unused overrides for this step that its gates accept, whether or not they have expired or their granters
        /// still have the role.
        overrides: Digest,
        /// The gates that hold the step: name, version and rules of each.
        gates: Digest,
    }
}

impl Subject {
    /// The parts in which the two differ, in words.
    pub fn differences(&self, other: &Self) -> impl Iterator<Item = &'static str> + use<> {
        let differs = [
            ("the step's arguments", self.step != other.step),
            ("the request", self.request != other.request),
            ("the plan", self.plan != other.plan),
            ("the package", self.package != other.package),
            ("the overrides", self.overrides != other.overrides),
            ("the gates", self.gates != other.gates),
        ];
        differs
            .into_iter()
            .filter(|(_, differs)| *differs)
            .map(|(part, _)| part)
    }
}

impl GateId {
    /// The digest of these gates: name, version and rules of each.
    pub(crate) fn digest_of<'a>(gates: impl IntoIterator<Item = &'a Self>) -> Digest {
        let none = Fields::new("phasegate/gates/1");
        let all = gates.into_iter().fold(none, |all, gate| {
            all.field(gate.name.as_str().as_bytes())
                .field(&gate.version.to_be_bytes())
                .field(gate.digest.as_bytes())
        });
        all.digest()
    }
}

impl State {
    /// What an approval of this step would be about, where gates of this digest hold it and these overrides can help it.
    pub(crate) fn subject(
        &self,
        step: &AnyStep,
        gates: Digest,
        can_help: impl Fn(&GrantedOverride) -> bool,
    ) -> Subject {
        let usable: Vec<_> = self
            .overrides
            .values()
            .filter(|one| !one.is_used && one.granted.step == step.action() && can_help(one))
            .map(|one| &one.granted)
            .collect();
        let or_none = |digest: Option<Digest>| digest.unwrap_or(Digest::ZERO);
        Subject {
            step: Digest::of_value(step),
            request: or_none(self.request.as_ref().map(Digested::digest)),
            plan: or_none(self.plan.as_ref().map(Digested::digest)),
            package: or_none(self.package.as_ref().map(|package| package.digest())),
            overrides: or_none((!usable.is_empty()).then(|| Digest::of_value(&usable))),
            gates,
        }
    }
}
