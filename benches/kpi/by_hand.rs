//! The same measures over bare columns: one array for each thing that is known, filled for exactly these questions.

use crate::history::{BUDGET, HOUR, SECOND, SUPPORT, Template, Told};
use phasegate::kpi::Kpi;

/// A column for everything that is counted. All releases went one way; there is nothing to look up.
pub(crate) struct Columns {
    requested: Vec<i64>,
    entered: [Vec<i64>; 7],
    live: Vec<i64>,
    window_ends: Vec<i64>,
    committed: Vec<[i64; 2]>,
    closed: Vec<i64>,
    spent: Vec<i64>,
    /// Raised and restored; zero where there was none.
    incidents: Vec<[i64; 2]>,
    scores: Vec<i32>,
}

/// What comes of it.
#[derive(Default)]
pub(crate) struct Folded {
    in_time: f64,
    slip_days: f64,
    spent: f64,
    down_seconds: f64,
    satisfaction: f64,
    early: f64,
    deployments: f64,
    lead_time: f64,
    fail_rate: f64,
    recovery: f64,
    backlog: f64,
    throughput: f64,
    dwell: [f64; 7],
    in_time_again: f64,
    slip_again: f64,
    restore: f64,
    successful: f64,
    emergencies: f64,
    loops: f64,
}

const BEGINS: i64 = 1_767_225_600 * SECOND;
const ENDS: i64 = BEGINS + 365 * 24 * HOUR;
const DAY: i64 = 24 * HOUR;

impl Columns {
    pub(crate) fn of(templates: &[Template], releases: u64) -> Self {
        let told = || templates.iter().map(|template| template.told).cycle();
        let many = usize::try_from(releases).unwrap_or(0);
        Self {
            requested: column(told().take(many), |it| it.requested),
            entered: std::array::from_fn(|phase| {
                column(told().take(many), |it| {
                    it.entered.get(phase).copied().unwrap_or(0)
                })
            }),
            live: column(told().take(many), |it| it.live),
            window_ends: column(told().take(many), |it| it.window_ends),
            committed: column(told().take(many), |it| it.committed),
            closed: column(told().take(many), |it| it.closed),
            spent: column(told().take(many), |it| it.spent),
            incidents: column(told().take(many), |it| it.incident.unwrap_or_default()),
            scores: column(told().take(many), |it| it.score),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    #[expect(clippy::too_many_lines, reason = "one pass over all columns")]
    pub(crate) fn fold(&self) -> Folded {
        let is_in = |at: &i64| (BEGINS..ENDS).contains(at);
        let (mut live, mut in_time, mut failed) = (0_u64, 0_u64, 0_u64);
        let (mut slips, mut leads, mut recoveries) = (Vec::new(), Vec::new(), Vec::new());
        let mut down = Vec::new();
        let mut early = 0_u64;
        let mut restores = Vec::new();
        let (mut slips_again, mut in_time_again) = (Vec::new(), 0_u64);
        let columns = self.live.iter().zip(&self.window_ends).zip(&self.committed);
        for (((at, ends), committed), incident) in columns.zip(&self.incidents) {
            let [raised, over] = *incident;
            if is_in(at) {
                live += 1;
                in_time += u64::from(at < ends);
                slips.push(at.div_euclid(DAY) - (ends - 1).div_euclid(DAY));
                // There was one baseline, so that the latest is the first; it is counted all the same.
                in_time_again += u64::from(at < ends);
                slips_again.push(at.div_euclid(DAY) - (ends - 1).div_euclid(DAY));
                leads.extend(committed.iter().map(|committed| at - committed));
                if raised > 0 {
                    failed += 1;
                    recoveries.push(over - at);
                    early += u64::from(raised < at + SUPPORT);
                }
            }
            if raised > 0 && is_in(&raised) {
                restores.push(over - raised);
            }
            if raised > 0 && over > BEGINS && raised < ENDS {
                down.push((raised.max(BEGINS), over.min(ENDS)));
            }
        }
        let (mut closed, mut open, mut spent) = (0_i64, 0_i64, 0_i64);
        for ((at, requested), cost) in self.closed.iter().zip(&self.requested).zip(&self.spent) {
            closed += i64::from(is_in(at));
            spent += if is_in(at) { *cost } else { 0 };
            open += i64::from(*requested < ENDS && *at >= ENDS);
        }
        let dwell = std::array::from_fn(|phase| self.dwell(phase));
        let score: i64 = self
            .live
            .iter()
            .zip(&self.scores)
            .map(|(at, score)| {
                if is_in(&(at + DAY)) {
                    i64::from(*score)
                } else {
                    0
                }
            })
            .sum();
        let rated = self.live.iter().filter(|at| is_in(&(**at + DAY))).count();
        let seconds = |micros: f64| micros / SECOND as f64;
        Folded {
            in_time: in_time as f64 * 100.0 / live as f64,
            slip_days: median(slips),
            spent: spent as f64 * 100.0 / (closed * BUDGET) as f64,
            down_seconds: seconds(union(down) as f64),
            satisfaction: score as f64 / rated as f64,
            early: early as f64 / live as f64,
            deployments: live as f64,
            lead_time: seconds(median(leads)),
            fail_rate: failed as f64 * 100.0 / live as f64,
            recovery: seconds(median(recoveries)),
            backlog: open as f64,
            throughput: closed as f64,
            dwell,
            in_time_again: in_time_again as f64 * 100.0 / live as f64,
            slip_again: median(slips_again),
            restore: seconds(median(restores)),
            successful: closed as f64 * 100.0 / closed as f64,
            emergencies: 0.0,
            loops: 0.0,
        }
    }
}

impl Columns {
    /// How long releases that were closed in the period stood in a phase.
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    fn dwell(&self, phase: usize) -> f64 {
        let before = phase
            .checked_sub(1)
            .and_then(|before| self.entered.get(before));
        let entered = before.unwrap_or(&self.requested);
        let left = self.entered.get(phase).unwrap_or(&self.closed);
        let stays = entered.iter().zip(left).zip(&self.closed);
        let stays = stays.filter(|(_, closed)| (BEGINS..ENDS).contains(*closed));
        let stays = stays.map(|((entered, left), _)| left - entered);
        median(stays.collect()) / SECOND as f64
    }
}

fn column<T>(told: impl Iterator<Item = Told>, of: impl Fn(Told) -> T) -> Vec<T> {
    told.map(of).collect()
}

impl Folded {
    /// The measures, to be held against ours.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Kpi, f64)> {
        let [in_request, ..] = self.dwell;
        [
            (Kpi::AdherenceFirst, self.in_time),
            (Kpi::SlipFirst, self.slip_days),
            (Kpi::BudgetSpent, self.spent),
            (Kpi::Disruption, self.down_seconds),
            (Kpi::Satisfaction, self.satisfaction),
            (Kpi::EarlyLifeIncidents, self.early),
            (Kpi::DeploymentFrequency, self.deployments),
            (Kpi::ChangeLeadTime, self.lead_time),
            (Kpi::ChangeFailRate, self.fail_rate),
            (Kpi::RecoveryTime, self.recovery),
            (Kpi::Backlog, self.backlog),
            (Kpi::Throughput, self.throughput),
            (Kpi::DwellTime, in_request),
            (Kpi::AdherenceLatest, self.in_time_again),
            (Kpi::SlipLatest, self.slip_again),
            (Kpi::TimeToRestore, self.restore),
            (Kpi::SuccessfulReleases, self.successful),
            (Kpi::EmergencyShare, self.emergencies),
            (Kpi::ReworkLoops, self.loops),
        ]
        .into_iter()
    }
}

fn union(mut spans: Vec<(i64, i64)>) -> i64 {
    spans.sort_unstable();
    let (mut sum, mut until) = (0, i64::MIN);
    for (start, end) in spans {
        sum += (end - start.max(until)).max(0);
        until = until.max(end);
    }
    sum
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn median(mut values: Vec<i64>) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let (_, low, above) = values.select_nth_unstable(last / 2);
    let low = *low;
    let high = if last % 2 == 0 {
        low
    } else {
        above.iter().copied().min().unwrap_or(low)
    };
    f64::midpoint(low as f64, high as f64)
}
