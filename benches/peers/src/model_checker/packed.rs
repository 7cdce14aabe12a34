//! The lifecycle and the gate of `benches/verify/model.rs` written anew for a model checker, as small as they can be.

use stateright::{Model, Property};

/// The most people that fit.
const PEOPLE: usize = 5;

/// What is to be explored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed {
    pub(crate) people: usize,
    /// Whether people also reject, and take back what they answered.
    pub(crate) second_thoughts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Start,
    Request,
    Plan,
    Development,
    Testing,
    Deployment,
    Review,
    Closure,
    Rejected,
    Cancelled,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tests {
    None,
    Passed,
    Failed,
}

/// What somebody has answered, and about which package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Said {
    Nothing,
    Yes(u8),
    No(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Situation {
    pub(crate) phase: Phase,
    requester: u8,
    is_authorised: bool,
    /// The package that was handed over last, from 1; none yet, where it is 0.
    pub(crate) handed_over: u8,
    has_package: bool,
    pub(crate) tests: Tests,
    answers: [Said; PEOPLE],
    pub(crate) is_backed_out: bool,
}

/// A move, with the person who makes it where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Request(u8),
    Authorise,
    Reject,
    StartDevelopment,
    StartTesting(u8),
    Test(bool),
    Answer(u8, bool),
    Withdraw(u8),
    Rework,
    Deploy(u8),
    Finish,
    BackOut,
    CompleteReview,
    Close,
    Cancel,
}

impl Situation {
    const START: Self = Self {
        phase: Phase::Start,
        requester: 0,
        is_authorised: false,
        handed_over: 0,
        has_package: false,
        tests: Tests::None,
        answers: [Said::Nothing; PEOPLE],
        is_backed_out: false,
    };

    fn said(&self, person: u8) -> Said {
        self.answers[usize::from(person)]
    }
}

impl Packed {
    fn everybody(self) -> impl Iterator<Item = u8> {
        (0_u8..).take(self.people)
    }

    /// All but the builder.
    fn approvers(self) -> impl Iterator<Item = u8> {
        self.everybody().filter(|person| *person != 2)
    }

    /// What the gate says.
    fn lets_deploy(self, at: &Situation, deployer: u8) -> bool {
        let said = |person| at.said(person);
        let approved = |one: u8, other: u8| {
            let mut people = self
                .everybody()
                .filter(|person| [one, other].contains(person));
            people.any(|person| said(person) == Said::Yes(at.handed_over))
        };
        let own = [at.requester, deployer];
        at.tests == Tests::Passed
            && approved(0, 3)
            && approved(1, 4)
            && !own
                .iter()
                .any(|person| matches!(said(*person), Said::Yes(_)))
            && !self
                .approvers()
                .any(|person| said(person) == Said::No(at.handed_over))
    }
}

impl Model for Packed {
    type State = Situation;
    type Action = Move;

    fn init_states(&self) -> Vec<Situation> {
        vec![Situation::START]
    }

    fn actions(&self, at: &Situation, moves: &mut Vec<Move>) {
        match at.phase {
            Phase::Start => moves.extend(self.everybody().map(Move::Request)),
            Phase::Request => moves.extend([Move::Authorise, Move::Reject, Move::Cancel]),
            Phase::Plan => moves.extend([Move::StartDevelopment, Move::Cancel]),
            Phase::Development => {
                let to_come = at.handed_over.max(1)..=2;
                moves.extend(to_come.map(Move::StartTesting));
                moves.push(Move::Cancel);
            }
            Phase::Testing => {
                for person in self.approvers() {
                    moves.push(Move::Answer(person, true));
                    if self.second_thoughts {
                        moves.push(Move::Answer(person, false));
                    }
                }
                if at.tests != Tests::None {
                    moves.extend(self.everybody().map(Move::Deploy));
                }
                moves.extend([Move::Test(true), Move::Test(false)]);
                moves.extend([Move::Rework, Move::Cancel]);
            }
            Phase::Deployment => moves.extend([Move::Finish, Move::BackOut]),
            Phase::Review => moves.push(Move::CompleteReview),
            Phase::Closure => moves.push(Move::Close),
            Phase::Rejected | Phase::Cancelled | Phase::Ended => return,
        }
        if self.second_thoughts {
            let answered = self
                .approvers()
                .filter(|one| at.said(*one) != Said::Nothing);
            moves.extend(answered.map(Move::Withdraw));
        }
    }

    fn next_state(&self, at: &Situation, chosen: Move) -> Option<Situation> {
        let mut next = *at;
        match chosen {
            Move::Request(person) => {
                next.phase = Phase::Request;
                next.requester = person;
            }
            Move::Authorise => {
                next.phase = Phase::Plan;
                next.is_authorised = true;
            }
            Move::Reject => next.phase = Phase::Rejected,
            Move::StartDevelopment => next.phase = Phase::Development,
            Move::StartTesting(package) => {
                next.phase = Phase::Testing;
                next.handed_over = package;
                next.has_package = true;
            }
            Move::Test(passed) => next.tests = if passed { Tests::Passed } else { Tests::Failed },
            Move::Answer(person, is_yes) => {
                let said = if is_yes { Said::Yes } else { Said::No };
                next.answers[usize::from(person)] = said(at.handed_over);
            }
            Move::Withdraw(person) => next.answers[usize::from(person)] = Said::Nothing,
            Move::Rework => {
                next.phase = Phase::Development;
                next.has_package = false;
                next.tests = Tests::None;
            }
            Move::Deploy(person) => {
                if !self.lets_deploy(at, person) {
                    return None;
                }
                next.phase = Phase::Deployment;
            }
            Move::Finish => next.phase = Phase::Review,
            Move::BackOut => {
                next.phase = Phase::Review;
                next.is_backed_out = true;
            }
            Move::CompleteReview => next.phase = Phase::Closure,
            Move::Close => next.phase = Phase::Ended,
            Move::Cancel => next.phase = Phase::Cancelled,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "what is deployed was tested",
            |_, at: &Situation| at.phase != Phase::Deployment || at.tests == Tests::Passed,
        )]
    }
}
