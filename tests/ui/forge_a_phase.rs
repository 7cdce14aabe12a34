//! A phase is invented, a hold of a phase that has none, and a marker is made.
use phasegate::Release;
use phasegate::phase::{Closed, OnHold, Phase, Standing, Testing};

struct Approved;

impl Phase for Approved {
    const STANDING: Standing = Testing::STANDING;
}

fn standing<P: Phase>(_release: &Release<P>) -> Standing {
    P::STANDING
}

fn invent(approved: &Release<u8>, held: &Release<OnHold<Closed>>) {
    standing(approved);
    standing(held);
    let _ = Testing(());
}

fn main() {}
