//! The built-in policies, one file each.

pub(super) mod evidence;
