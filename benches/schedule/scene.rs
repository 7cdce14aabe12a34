//! Windows that look like a busy calendar: one begins every hour, and lasts for 1 to 8 hours.

use phasegate::phase::{Instant, Interval};
use phasegate::release::{Bounded, Key, Person, ReleaseId, Service};
use phasegate::schedule::{Booking, ServiceGraph};
use std::collections::BTreeSet;
use std::error::Error;

pub(crate) type Windows = Vec<(Interval, u32)>;

/// In microseconds.
const HOUR: u64 = 3_600_000_000;

/// The same numbers in every run.
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 up to, but without, that number.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// The span that begins that long after 1970, in microseconds.
fn span(start: u64, length: u64) -> Result<Interval, Box<dyn Error>> {
    let at = |micros: u64| -> Result<_, Box<dyn Error>> {
        Ok(Instant::from_unix_micros(i64::try_from(micros)?)?)
    };
    Ok(Interval::new(at(start)?, at(start + length)?)?)
}

/// So many windows with a number each, and at most one more that spans ten years.
pub(crate) fn windows(many: u32, with_long: bool) -> Result<Windows, Box<dyn Error>> {
    let mut luck = Luck::new(4);
    let hours = u64::from(many) * HOUR;
    let mut windows = Vec::new();
    for number in 0..many {
        let length = HOUR * (1 + luck.below(8));
        windows.push((span(luck.below(hours), length)?, number));
    }
    if with_long {
        windows.push((span(0, 10 * 365 * 24 * HOUR)?, many));
    }
    Ok(windows)
}

/// Spans of 8 hours anywhere among so many windows.
pub(crate) fn questions(many: u32) -> Result<Vec<Interval>, Box<dyn Error>> {
    let mut luck = Luck::new(7);
    let hours = u64::from(many) * HOUR;
    (0..4_096)
        .map(|_| span(luck.below(hours), 8 * HOUR))
        .collect()
}

const SERVICES: u64 = 1_000;

/// So many deployments, 12 of which begin in an hour, each with 2 services of 1,000, 2 configuration items of 5,000 and
/// one person of 300.
pub(crate) fn bookings(many: u32) -> Result<Vec<Booking>, Box<dyn Error>> {
    let mut luck = Luck::new(11);
    let hours = u64::from(many) * HOUR / 12;
    let mut bookings = Vec::new();
    for number in 0..many {
        let window = span(luck.below(hours), HOUR * (1 + luck.below(8)))?;
        let mut booking = Booking::new(
            window,
            ReleaseId::from(uuid::Uuid::from_u128(number.into())),
        );
        let services = [luck.below(SERVICES), luck.below(SERVICES)].map(service);
        booking.services = Bounded::new(services.into_iter().collect::<Result<BTreeSet<_>, _>>()?)?;
        let items =
            [luck.below(5_000), luck.below(5_000)].map(|item| Key::new(format!("item-{item}")));
        booking.configuration_items =
            Bounded::new(items.into_iter().collect::<Result<BTreeSet<_>, _>>()?)?;
        booking.people = [Person::new(format!("person-{}", luck.below(300)))?].into();
        bookings.push(booking);
    }
    Ok(bookings)
}

/// The 1,000 services as a tree, four below each.
pub(crate) fn service_map() -> Result<ServiceGraph, Box<dyn Error>> {
    let mut map = ServiceGraph::new();
    for number in 1..SERVICES {
        map = map.with_child(service(number / 4)?, service(number)?);
    }
    Ok(map)
}

fn service(number: u64) -> Result<Service, phasegate::phase::Invalid> {
    Service::new(format!("service-{number}"))
}
