//! One integration binary: every file is a story or a behaviour.
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod compile_messages;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod support;
