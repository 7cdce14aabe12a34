//! The steps, each with what it needs. A phase's methods make them; at run time they go into an `AnyStep`.

pub use super::steps::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, Reject, Replan, RequestRelease, Resume, Rework, StartDevelopment,
    StartTesting,
};
