extension FaultScenario {
    /// All there are, in the order in which they are shown.
    static let all: [FaultScenario] = [
        .none, .kill, .leaderPaused, .redisRestart, .redisEmpty, .redisFlushed, .sentinel, .postgresRestart,
        .postgresCut, .postgresLocked, .terminate, .supplierGarbage, .supplierSilent, .poison, .networkCut,
        .networkSlow, .networkHalfOpen, .clockShifted, .diskFull,
    ]

    /// Those that are shown when time is short.
    static let few: [FaultScenario] = [.brief]
}
