package release

# Why it may not be deployed: the codes of everything that is against it.
refusals contains refusal if {
	some rule in data.approvals.rules
	given := {person |
		some approval in input.approvals
		approval.step == "deploy"
		approval.role == rule.role
		approval.answer == "approved"
		approval.subject == input.subject
		not ended(approval)
		[approval.role, approval.person] in input.people
		person := approval.person
		person != input.requester
		person != input.actor
	}
	count(given) < rule.count
	refusal := {
		"code": "approvals-missing",
		"message": sprintf("rule `%v` has %v of %v approvals", [rule.name, count(given), rule.count]),
		"remedy": sprintf("ask a %v to approve it", [rule.role]),
	}
}

refusals contains refusal if {
	some approval in input.approvals
	approval.step == "deploy"
	approval.answer == "approved"
	not ended(approval)
	took_part[approval.person]
	refusal := {
		"code": "own-work",
		"message": sprintf("`%v` built it or asked for it and cannot approve it", [approval.person]),
		"remedy": "ask another",
	}
}

refusals contains refusal if {
	some kind, least in data.evidence
	runs := [run | some run in input.runs; run.kind == kind]
	passed := sum([run.passed | some run in runs])
	ran := passed + sum([run.failed | some run in runs])
	passed * 100 < ran * least
	refusal := {
		"code": "pass-ratio",
		"message": sprintf("%v of %v %v tests passed, and at least %v percent are required", [passed, ran, kind, least]),
		"remedy": "mend what failed, and test the new package",
	}
}

refusals contains refusal if {
	some kind, _ in data.evidence
	runs := [run | some run in input.runs; run.kind == kind]
	sum([ran | some run in runs; ran := run.passed + run.failed]) == 0
	refusal := {
		"code": "kind-missing",
		"message": sprintf("no %v test ran", [kind]),
		"remedy": "record a test run",
	}
}

refusals contains refusal if {
	some item in data.items
	not input.checklist[item] in {"done", "not_applicable"}
	refusal := {
		"code": "item-open",
		"message": sprintf("`%v` is not done", [item]),
		"remedy": "do it",
	}
}

ended(approval) if approval.ends <= input.now

took_part contains input.requester

took_part contains person if some person in input.authors

took_part contains person if some ["builder", person] in input.people
