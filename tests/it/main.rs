//! One integration binary: every file is a story or a behaviour.
#[cfg(test)]
mod desk;
#[cfg(test)]
mod desk_support;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod store_contract;
