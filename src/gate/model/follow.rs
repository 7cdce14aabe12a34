//! What the model that a release follows says against a step, apart from its gates. No override waives it.

use super::ReleaseModel;
use crate::gate::Facts;
use crate::gate::judge::Book;
use crate::phase::{Action, Door};
use crate::release::{
    AnyStep, Core, FollowedModel, ModelReference, Reason, ReleaseRequest, State, Track, no_model,
};

/// The track and the model of a release, at one step.
pub(in crate::gate) struct Following<'a> {
    request: Option<&'a ReleaseRequest>,
    pub(in crate::gate) track: Track,
    pub(in crate::gate) named: Option<&'a ModelReference>,
    model: Option<&'a ReleaseModel>,
}

impl<'a> Following<'a> {
    /// What the release follows, or would where it begins with this step.
    pub(in crate::gate) fn of(book: Book<'a>, state: &'a State, step: &'a AnyStep) -> Self {
        let begun = step.request();
        let request = begun.or(state.request());
        let named = request.and_then(|request| request.model.as_ref());
        Self {
            request,
            track: begun.map_or(state.track, |request| request.track),
            named,
            model: named.and_then(|named| book.model(named)),
        }
    }

    /// Whether the step rests on how the model stands.
    pub(in crate::gate) fn is_pre_authorised(&self, action: Action) -> bool {
        action == Action::Authorise && self.track == Track::Standard
    }

    /// All that stands against a step that a gate has to clear. What is open stays open: a release whose model is
    /// not at hand can still be held, cancelled and backed out.
    pub(in crate::gate) fn against(
        &self,
        action: Action,
        core: &Core,
        facts: &Facts,
    ) -> Vec<Reason> {
        let Core { head, state } = core;
        if action.door() == Door::Open {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        match (self.named, self.model) {
            (Some(named), None) => reasons.push(unknown(named)),
            (_, Some(model)) => reasons.extend(not_taken(model, self.track, action)),
            (None, None) => {}
        }
        if self.is_pre_authorised(action) {
            let read = facts.model(&head.stream.tenant).map(AsRef::as_ref);
            let way_out = way_out(self.model);
            let against = state.pre_authorised_by(read, facts.unread_model());
            reasons.extend(against.map(|reason| reason.or(way_out)));
            if let (Some(model), Some(request)) = (self.model, self.request) {
                reasons.extend(unlike_authorised(model, read));
                match &model.standard {
                    Some(standard) => {
                        reasons.extend(standard.limits.against(
                            request,
                            state.risk.as_deref(),
                            way_out,
                        ));
                    }
                    None => reasons.push(no_model().or(way_out)),
                }
            }
        }
        reasons
    }
}

fn unknown(named: &ModelReference) -> Reason {
    let ModelReference { model, version } = named;
    let message = format!(
        "the release follows version {version} of the model `{model}`, which this gate set does not have"
    );
    let remedy = "add it by `GateSet::with_model`; the gates that it has are not known without it";
    Reason::new("unknown-model", message, remedy)
        .read("model", model.as_str())
        .read("version", *version)
}

/// What is left where the standard track is not.
fn way_out(model: Option<&ReleaseModel>) -> &'static str {
    if model.is_none_or(|model| model.tracks.contains(&Track::Normal)) {
        "record `TrackChanged` to normal"
    } else {
        "request it again under a model that fits"
    }
}

fn not_taken(model: &ReleaseModel, track: Track, action: Action) -> Option<Reason> {
    let is_taken = model.tracks.contains(&track);
    (!is_taken).then(|| {
        let tracks: Vec<_> = model.tracks.iter().map(ToString::to_string).collect();
        let tracks = tracks.join(" or ");
        let message = format!(
            "the model `{}` does not allow the {track} track",
            model.name
        );
        let remedy = if action == Action::RequestRelease {
            format!("request it on the {tracks} track")
        } else {
            format!("record `TrackChanged` to {tracks}")
        };
        Reason::new("track-not-taken", message, remedy)
    })
}

/// A model in the set that says something else than the one that was authorised under its version.
fn unlike_authorised(model: &ReleaseModel, read: Option<&FollowedModel>) -> Option<Reason> {
    let is_same_version = |read: &&FollowedModel| read.authorised == Some(model.version);
    let digest = read.filter(is_same_version)?.digest?;
    (digest != model.digest()).then(|| {
        let message = format!(
            "version {} of the model `{}` is not what was authorised under that version",
            model.version, model.name
        );
        Reason::new("model-differs", message, "load the model as it was drafted")
    })
}
