//! What is to be true of a gate set.

use super::turn::Turn;
use crate::phase::Action;
use crate::release::Role;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Something that is to be true of every way that a release can take, or of one.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Action;
/// use phasegate::release::Track;
/// use phasegate::verify::Property;
///
/// let asked = Property::never("nothing goes live in a hurry", |turn| turn.step() == Some(Action::Expedite));
/// let calm = Property::always("on the normal track, all goes live with a yes", |turn| !turn.approvers().is_empty())
///     .when(|turn| turn.goes_live() && turn.track() == Track::Normal);
/// # assert_eq!((asked.name(), calm.name().len()), ("nothing goes live in a hurry", 45));
/// ```
#[derive(Clone)]
pub struct Property {
    pub(super) name: String,
    pub(super) law: Law,
    pub(super) when: Option<Seen>,
    pub(super) roles: BTreeSet<Role>,
    pub(super) is_fair: bool,
}

/// Something about one move.
pub(super) type Seen = Arc<dyn Fn(&Turn<'_>) -> bool + Send + Sync>;

#[derive(Clone)]
pub(super) enum Law {
    Always(Seen),
    Reachable(Seen),
    CanAlwaysReach {
        goal: Seen,
        without: BTreeSet<Action>,
    },
    OnlyAfter {
        then: Seen,
        first: Seen,
    },
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Property").field(&self.name).finish()
    }
}

impl Property {
    fn new(name: impl Into<String>, law: Law) -> Self {
        Self {
            name: name.into(),
            law,
            when: None,
            roles: BTreeSet::new(),
            is_fair: false,
        }
    }

    /// Every move is so.
    pub fn always(
        name: impl Into<String>,
        holds: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, Law::Always(Arc::new(holds)))
    }

    /// No move is so.
    pub fn never(
        name: impl Into<String>,
        bad: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::always(name, move |turn| !bad(turn))
    }

    /// There is a way to a move that is so.
    pub fn reachable(
        name: impl Into<String>,
        seen: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, Law::Reachable(Arc::new(seen)))
    }

    /// Wherever a release has come, and unless it is closed, there is still a way to a move that is so: without these
    /// steps.
    pub fn can_always_reach(
        name: impl Into<String>,
        goal: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static,
        without: impl IntoIterator<Item = Action>,
    ) -> Self {
        let without = without.into_iter().collect();
        let goal = Arc::new(goal);
        Self::new(name, Law::CanAlwaysReach { goal, without })
    }

    /// Nothing is so before something else was.
    pub fn only_after(
        name: impl Into<String>,
        then: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static,
        first: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (then, first) = (Arc::new(then), Arc::new(first));
        Self::new(name, Law::OnlyAfter { then, first })
    }

    /// The same, of such moves only, and of no more than before. Where there is none, the property is vacuous, which is
    /// no pass.
    ///
    /// It narrows what [`always`](Self::always) and [`never`](Self::never) are about, what is to be
    /// [reached](Self::reachable), and the second of [`only_after`](Self::only_after).
    #[must_use]
    pub fn when(mut self, when: impl Fn(&Turn<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(match self.when.take() {
            Some(before) => Arc::new(move |turn| before(turn) && when(turn)),
            None => Arc::new(when),
        });
        self
    }

    /// The same, which reads these roles. A role that nobody in the domain has, and no rule names, is a mistake.
    #[must_use]
    pub fn reading(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles.extend(roles);
        self
    }

    /// The same, which treats all people of equal roles alike. Without that, people are not taken to be symmetric.
    #[must_use]
    pub const fn fair(mut self) -> Self {
        self.is_fair = true;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_about(&self, turn: &Turn<'_>) -> bool {
        self.when.as_ref().is_none_or(|when| when(turn))
    }
}
