//! A desk gets something that keeps no logs.
use phasegate::Desk;

fn main() {
    let _ = Desk::new(Vec::<u8>::new());
}
