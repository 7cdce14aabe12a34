//! An index of windows by time: which are on at an instant, and which overlap a span.

use crate::phase::{Instant, Interval};
use std::slice;

/// How many entries a leaf holds, and how many children a branch has, at most.
///
/// Measured: narrower trees are deeper, and wider ones read more at every level.
const WIDTH: usize = 32;

/// Windows with a value each, to be asked what is on at an instant or overlaps a span.
///
/// A set, in the order of start, end and value: what is asked for comes in that order, however the windows came in.
/// Values are what a host knows its windows by, such as an id or a position in a list.
///
/// A question costs the logarithm of the number of windows, and what it finds. One window that spans ten years among
/// 100,000 short ones does not change that. Nor does putting one in or taking one out build anything anew.
///
/// # Time
///
/// Windows are half-open. One that ends when another starts does not overlap it.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Interval;
/// use phasegate::schedule::WindowIndex;
///
/// let evening = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
/// let night = Interval::parse("2026-03-02T22:00:00Z", "2026-03-03T04:00:00Z")?;
/// let mut windows = WindowIndex::from_iter([(night, "backup"), (evening, "maintenance")]);
///
/// assert!(windows.at(evening.end()).eq([(night, &"backup")]));
/// assert_eq!(windows.overlapping(evening).count(), 1);
///
/// assert!(windows.insert(evening, "inventory"));
/// assert!(!windows.insert(evening, "inventory"), "it is there already");
/// assert!(windows.overlapping(evening).eq([(evening, &"inventory"), (evening, &"maintenance")]));
///
/// assert!(windows.remove(evening, &"maintenance"));
/// assert_eq!(windows.len(), 2);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone)]
pub struct WindowIndex<T> {
    root: Node<T>,
    len: usize,
}

impl<T> WindowIndex<T> {
    /// Without any window.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            root: Node::Leaf(Vec::new()),
            len: 0,
        }
    }

    /// How many windows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no window.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The windows that are on at that instant.
    pub fn at(&self, at: Instant) -> impl Iterator<Item = (Interval, &T)> {
        Search::new(&self.root, at.unix_micros(), at.unix_micros())
    }

    /// The windows that share some time with that span.
    pub fn overlapping(&self, span: Interval) -> impl Iterator<Item = (Interval, &T)> {
        // What starts with the span's last microsecond still overlaps it.
        let latest = span.end().unix_micros() - 1;
        Search::new(&self.root, span.start().unix_micros(), latest)
    }
}

impl<T: Ord> WindowIndex<T> {
    /// Puts a window in; says whether it was not there yet with that value.
    pub fn insert(&mut self, window: Interval, value: T) -> bool {
        let Inserted { is_new, split } = self.root.insert(window, value);
        if let Some(right) = split {
            let left = std::mem::replace(&mut self.root, Node::Branch(Vec::new()));
            self.root = Node::Branch(vec![Child::new(left), right]);
        }
        self.len += usize::from(is_new);
        is_new
    }

    /// Takes a window out; says whether it was there with that value.
    pub fn remove(&mut self, window: Interval, value: &T) -> bool {
        let was_there = self.root.remove(window, value);
        self.len -= usize::from(was_there);
        if self.len == 0 {
            self.root = Node::Leaf(Vec::new());
        }
        was_there
    }
}

impl<T> Default for WindowIndex<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Builds the index in one go, which takes much less time than putting the windows in one by one.
impl<T: Ord> FromIterator<(Interval, T)> for WindowIndex<T> {
    fn from_iter<I: IntoIterator<Item = (Interval, T)>>(windows: I) -> Self {
        let mut windows: Vec<_> = windows.into_iter().collect();
        windows.sort_unstable();
        windows.dedup();
        let len = windows.len();
        let mut level = packed(windows, Node::Leaf);
        while level.len() > 1 {
            level = packed(level.into_iter().map(Child::new), Node::Branch);
        }
        let root = level.pop().unwrap_or_else(|| Node::Leaf(Vec::new()));
        Self { root, len }
    }
}

impl<T: Ord> Extend<(Interval, T)> for WindowIndex<T> {
    fn extend<I: IntoIterator<Item = (Interval, T)>>(&mut self, windows: I) {
        for (window, value) in windows {
            self.insert(window, value);
        }
    }
}

/// Nodes that leave some room for what comes later.
fn packed<P, T>(parts: impl IntoIterator<Item = P>, node: fn(Vec<P>) -> Node<T>) -> Vec<Node<T>> {
    let mut parts = parts.into_iter();
    let mut next = || {
        let some: Vec<P> = parts.by_ref().take(WIDTH / 4 * 3).collect();
        (!some.is_empty()).then(|| node(some))
    };
    std::iter::from_fn(&mut next).collect()
}

/// A B+ tree that knows the latest end below every node, so that a question passes over what has ended.
///
/// Only a root without windows is empty: what becomes empty is taken out. Nodes are not merged; a tree is never deeper
/// than what was ever put in makes it.
#[derive(Debug, Clone)]
enum Node<T> {
    Leaf(Vec<(Interval, T)>),
    Branch(Vec<Child<T>>),
}

#[derive(Debug, Clone)]
struct Child<T> {
    /// When the first window below starts.
    start: Instant,
    /// When the last window below ends.
    end: Instant,
    node: Node<T>,
}

struct Inserted<T> {
    is_new: bool,
    /// The upper half of what has become too wide.
    split: Option<Child<T>>,
}

impl<T> Child<T> {
    fn new(node: Node<T>) -> Self {
        let (start, end) = node.edges();
        Self { start, end, node }
    }

    fn measure(&mut self) {
        (self.start, self.end) = self.node.edges();
    }
}

impl<T> Node<T> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Leaf(windows) => windows.is_empty(),
            Self::Branch(children) => children.is_empty(),
        }
    }

    /// When the first window starts, and when the last one ends.
    fn edges(&self) -> (Instant, Instant) {
        let epoch = Instant::EPOCH;
        match self {
            Self::Leaf(windows) => (
                windows.first().map_or(epoch, |(window, _)| window.start()),
                windows
                    .iter()
                    .fold(epoch, |end, (window, _)| end.max(window.end())),
            ),
            Self::Branch(children) => (
                children.first().map_or(epoch, |child| child.start),
                children.iter().fold(epoch, |end, child| end.max(child.end)),
            ),
        }
    }

    fn first(&self) -> Option<(Interval, &T)> {
        match self {
            Self::Leaf(windows) => windows.first().map(|(window, value)| (*window, value)),
            Self::Branch(children) => children.first()?.node.first(),
        }
    }
}

impl<T: Ord> Node<T> {
    fn insert(&mut self, window: Interval, value: T) -> Inserted<T> {
        let mut inserted = Inserted {
            is_new: false,
            split: None,
        };
        match self {
            Self::Leaf(windows) => {
                if let Err(place) = place(windows, window, &value) {
                    windows.insert(place, (window, value));
                    inserted.is_new = true;
                    inserted.split = upper_half(windows, Self::Leaf);
                }
            }
            Self::Branch(children) => {
                let at = child_for(children, window, &value);
                let Some(child) = children.get_mut(at) else {
                    return inserted;
                };
                let below = child.node.insert(window, value);
                inserted.is_new = below.is_new;
                match below.split {
                    None => {
                        child.start = child.start.min(window.start());
                        child.end = child.end.max(window.end());
                    }
                    Some(right) => {
                        child.measure();
                        children.insert(at + 1, right);
                        inserted.split = upper_half(children, Self::Branch);
                    }
                }
            }
        }
        inserted
    }

    fn remove(&mut self, window: Interval, value: &T) -> bool {
        match self {
            Self::Leaf(windows) => {
                let place = place(windows, window, value);
                place.map(|place| windows.remove(place)).is_ok()
            }
            Self::Branch(children) => {
                let at = child_for(children, window, value);
                let Some(child) = children.get_mut(at) else {
                    return false;
                };
                let was_there = child.node.remove(window, value);
                if child.node.is_empty() {
                    children.remove(at);
                } else if was_there {
                    child.measure();
                }
                was_there
            }
        }
    }
}

fn place<T: Ord>(windows: &[(Interval, T)], window: Interval, value: &T) -> Result<usize, usize> {
    windows.binary_search_by(|(other, theirs)| (*other, theirs).cmp(&(window, value)))
}

/// The last child that begins no later than this window with this value, or else the first one.
fn child_for<T: Ord>(children: &[Child<T>], window: Interval, value: &T) -> usize {
    let begins_no_later = |child: &Child<T>| {
        let first = || {
            child
                .node
                .first()
                .is_some_and(|first| first <= (window, value))
        };
        child.start < window.start() || (child.start == window.start() && first())
    };
    children.partition_point(begins_no_later).saturating_sub(1)
}

fn upper_half<P, T>(parts: &mut Vec<P>, node: fn(Vec<P>) -> Node<T>) -> Option<Child<T>> {
    (parts.len() > WIDTH).then(|| Child::new(node(parts.split_off(WIDTH / 2))))
}

/// A walk over what starts at `latest` or before and ends after `after`, both in microseconds.
struct Search<'a, T> {
    after: i64,
    latest: i64,
    windows: slice::Iter<'a, (Interval, T)>,
    /// What is left to look at above, from the root down.
    above: Vec<slice::Iter<'a, Child<T>>>,
}

impl<'a, T> Search<'a, T> {
    fn new(root: &'a Node<T>, after: i64, latest: i64) -> Self {
        let mut search = Self {
            after,
            latest,
            windows: [].iter(),
            above: Vec::new(),
        };
        search.enter(root);
        search
    }

    fn enter(&mut self, node: &'a Node<T>) {
        match node {
            Node::Leaf(windows) => self.windows = windows.iter(),
            Node::Branch(children) => self.above.push(children.iter()),
        }
    }

    /// Goes down to the next leaf that may have something.
    fn descend(&mut self) -> Option<()> {
        loop {
            let (after, latest) = (self.after, self.latest);
            let level = self.above.last_mut()?;
            match level
                .find(|child| child.end.unix_micros() > after || child.start.unix_micros() > latest)
            {
                Some(child) if child.start.unix_micros() <= latest => {
                    self.enter(&child.node);
                    if matches!(child.node, Node::Leaf(_)) {
                        return Some(());
                    }
                }
                Some(_) | None => {
                    self.above.pop();
                }
            }
        }
    }
}

impl<'a, T> Iterator for Search<'a, T> {
    type Item = (Interval, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            for (window, value) in self.windows.by_ref() {
                if window.start().unix_micros() > self.latest {
                    break;
                }
                if window.end().unix_micros() > self.after {
                    return Some((*window, value));
                }
            }
            self.descend()?;
        }
    }
}
