import PushEngine

extension EngineParts {
    /// What keeps a message from somebody who must not get it, in the order in which it is looked at.
    var suppressionSteps: [any DeliveryStep] {
        var steps: [any DeliveryStep] = [
            SuppressionStep(store: store, directory: directory),
            DiscardStep(accounts: store),
        ]
        if suppression.isAllowListOn { steps.append(AllowListStep(store: store)) }
        steps.append(SensitiveWordStep(store: store))
        return steps
    }

    /// What operators change about it while it runs.
    var suppressionDesk: SuppressionDesk {
        SuppressionDesk(store: store, isAllowListOn: suppression.isAllowListOn, clock: clock)
    }
}
