//! Whether the model that a release follows is in good standing.

use crate::gate::{Ask, Policy};
use crate::release::{Reason, Verdict, model_not_read};
use serde::{Deserialize, Serialize};

/// Requires that the release follows a release model in good standing, and its authorised version.
///
/// On the standard track, `authorise` needs that without any policy. This asks for it elsewhere: that nothing goes
/// live by a model that was retired meanwhile, say. The desk reads how the model stands;
/// [`Facts::with_model`](crate::gate::Facts::with_model) gives it by hand.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-model` | the release follows no model |
/// | `model-not-read` | nobody has read how the model stands: unknown |
/// | `model-not-authorised` | nobody has authorised it |
/// | `model-edited` | a newer version was drafted since it was authorised |
/// | `model-retired` | it was retired |
/// | `model-below-threshold` | too few of its releases succeeded |
/// | `another-model-version` | the release follows another version than the authorised one |
/// | `another-model` | what was read is how another model stands |
///
/// # Examples
///
/// ```
/// use phasegate::Gate;
/// use phasegate::gate::{Facts, GateSet, ModelStandingPolicy};
/// use phasegate::release::{By, Name, Person, Release, ReleaseRequest, Tenant, step::RequestRelease};
///
/// let gate = Gate::<RequestRelease>::new("intake", 1)?.require(ModelStandingPolicy::new());
/// let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let id = "01890000-0000-7000-8000-000000000001".parse()?;
/// let facts = Facts::at("2026-03-02T10:00:00Z".parse()?);
/// let asked = Release::request(Tenant::default(), id, request);
/// let refused = gate.decide(asked, &facts, &By::new(Person::new("kim")?)).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "request refused\n  model-standing: the release follows no release model; \
///      request the release again under a release model",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ModelStandingPolicy {}

impl ModelStandingPolicy {
    /// The policy; it has no parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl Policy for ModelStandingPolicy {
    type Reads = ();
    const NAME: &'static str = "model-standing";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let named = ask.request().and_then(|request| request.model.as_ref());
        let Some(named) = named else {
            let message = "the release follows no release model";
            return Verdict::of(vec![Reason::new(
                "no-model",
                message,
                "request the release again under a release model",
            )]);
        };
        match ask.model() {
            Some(model) => Verdict::of(model.against(named).into_iter().collect()),
            None => Verdict::Unknown {
                reasons: vec![model_not_read(named, ask.unread_model_why())],
            },
        }
    }
}
