//! The release model that a release follows, as far as decisions about the release look at it.

use super::digest::Digest;
use super::fact::FactSource;
use super::request::ModelReference;
use super::text::Text;
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::Instant;
use serde::{Deserialize, Serialize};

/// Whether a release model may pre-authorise, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelStanding {
    /// It was authorised, and nothing has happened since that takes that back.
    Good,
    /// Nobody has authorised it.
    NeverAuthorised,
    /// A newer version was drafted since it was authorised: until that one is authorised, neither pre-authorises.
    Edited,
    /// It was retired.
    Retired,
    /// Too few of its releases succeeded since it was authorised.
    BelowThreshold,
}

told! {
    ModelStanding {
        Good "in good standing",
        NeverAuthorised "never authorised",
        Edited "edited since it was authorised",
        Retired "retired",
        BelowThreshold "below its success threshold",
    }
}

plain! {
    /// How many releases that followed a model on the standard track succeeded since it was authorised.
    #[doc(alias = "track record")]
    #[derive(Copy)]
    pub struct SuccessCount {
        /// The version of the model that they followed.
        version: u32,
        /// How many were completed without issues.
        successful: u32,
        /// How many went through all phases or were backed out.
        closed: u32,
        /// The instant until which was counted.
        until: Instant,
    }

    /// The release model that a release follows, as it stood when it was read: what a decision on the standard track
    /// rests on.
    pub struct FollowedModel {
        /// Its log and the version that was read; the commit holds only if nothing came after.
        source: FactSource,
        /// Whether it may pre-authorise.
        standing: ModelStanding,
    } with {
        /// The version that was authorised last.
        authorised: Option<u32>,
        /// The digest of what was authorised.
        digest: Option<Digest>,
        /// What was counted since.
        success_count: Option<SuccessCount>,
    }
}

impl FollowedModel {
    /// Why it does not pre-authorise a release that names the model so; nothing if it does.
    pub(crate) fn against(&self, named: &ModelReference) -> Option<Reason> {
        let ModelReference { model, version } = named;
        let (id, authorised) = (&self.source.stream.id, self.authorised);
        if id != model {
            let message =
                format!("the standing is that of `{id}`, and the release follows `{model}`");
            let remedy = format!("read how `{model}` stands");
            return Some(Reason::new("another-model", message, remedy));
        }
        let (code, message, remedy) = match self.standing {
            ModelStanding::Good if authorised == Some(*version) => return None,
            ModelStanding::Good => {
                let other = authorised
                    .map_or_else(|| "no version".to_owned(), |it| format!("version {it}"));
                let message = format!(
                    "the release follows version {version} of `{model}`, and {other} is authorised"
                );
                (
                    "another-model-version",
                    message,
                    "request it again by the authorised version",
                )
            }
            ModelStanding::NeverAuthorised => {
                let message = format!("nobody has authorised the release model `{model}`");
                (
                    "model-not-authorised",
                    message,
                    "have somebody who did not draft it authorise it",
                )
            }
            ModelStanding::Edited => {
                let message =
                    format!("the release model `{model}` was edited since it was authorised");
                (
                    "model-edited",
                    message,
                    "have somebody who did not draft it authorise the new version",
                )
            }
            ModelStanding::Retired => {
                let message = format!("the release model `{model}` was retired");
                ("model-retired", message, "follow another model")
            }
            ModelStanding::BelowThreshold => {
                let counted = self.success_count.map_or_else(String::new, |count| {
                    let SuccessCount {
                        successful, closed, ..
                    } = count;
                    format!(": {successful} of {closed}")
                });
                let message = format!("too few releases by the model `{model}` succeeded{counted}");
                (
                    "model-below-threshold",
                    message,
                    "find out why, and have it authorised again",
                )
            }
        };
        let reason = Reason::new(code, message, remedy);
        Some(
            reason
                .read("model", model.as_str())
                .read("version", *version),
        )
    }
}

/// How the model stands is not known: it could not be read, or nobody has tried to.
pub(crate) fn model_not_read(named: &ModelReference, why: Option<&Text>) -> Reason {
    let model = &named.model;
    let (message, remedy) = match why {
        Some(why) => (
            format!("how the release model `{model}` stands could not be read: {why}"),
            "ask again once it can be read",
        ),
        None => (
            format!("nobody has read how the release model `{model}` stands"),
            "ask through the desk, or give it by `Facts::with_model`",
        ),
    };
    Reason::new("model-not-read", message, remedy).read("model", named.model.as_str())
}
