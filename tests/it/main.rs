//! One integration binary: every file is a story or a behaviour.
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod real_data;
