package import Groundwork
package import Scheduler

/// What is to be handed to executors.
extension PostgresRunStore {
    package func outbox(
        at now: Moment,
        limit: Int,
        without groups: Set<String>,
        token: FencingToken?
    ) async throws(StoreError) -> Outbox {
        let instant = PostgresValue.int(now.millisecondsSinceEpoch)
        let statements = [
            .inIndexOrder,
            PostgresStatement(
                Self.outbox,
                instant,
                .int(token?.rawValue),
                .int(limit),
                .texts(groups.sorted())
            )
            .kept,
            PostgresStatement(Self.nextDue, instant).kept,
        ]
        return try await pool.single("read outbox") { link in
            let brought = try link.runAll(statements)
            return Outbox(
                runs: try brought[1].map(JobRun.init),
                next: brought[2].first?.optionalMoment(0)
            )
        }
    }
}

extension PostgresRunStore {
    /// The first run of each line that waits, and what waits in none, each by an index of its own.
    ///
    /// Runs of one job and shard wait for each other, where their policy lines them up. There may be tens of thousands of lines,
    /// or of runs in few lines, and this is asked again whenever some got away. So the first that are due are looked at, whose
    /// lines they may head; where there are more than those and too few do, as their lines are long, it steps from line to line, and
    /// never along one.
    ///
    /// A group that is left out may have any number of runs that are due: so it goes group by group, and past theirs. What earlier
    /// terms sent is among those that executors have, and looked for by the index of those: no other one has runs that may have no
    /// instant.
    static let outbox = """
        WITH RECURSIVE \(groups("lined_groups", lined)), \(groups("unlined_groups", unlined)),
        due AS MATERIALIZED (\(soonest(of: "lined_groups", lined))),
        soonest AS MATERIALIZED (SELECT id, due_at FROM due AS line WHERE \(mayGo("line"))),
        line AS (
            (\(nextLine("(SELECT count(*) FROM due) = $3 AND (SELECT count(*) FROM soonest) * 8 < $3")))
            UNION ALL
            SELECT n.* FROM line AS last,
                LATERAL (\(nextLine("(job, shard_index) > (last.job, last.shard_index)"))) AS n
        )
        SELECT \(RunColumn.list()) FROM runs WHERE id = ANY (ARRAY(
            SELECT id FROM (
                SELECT id, due_at FROM soonest
                UNION ALL
                SELECT id, due_at FROM line WHERE due_at <= $1 AND \(mayGo("line"))
                UNION ALL
                SELECT id, due_at FROM (\(soonest(of: "unlined_groups", unlined))) AS free
                UNION ALL
                SELECT id, due_at FROM runs
                WHERE $2::bigint IS NOT NULL AND \(busy) AND state = 'dispatching'
                    AND coalesce(due_at, 0) > $1 AND token <> $2 AND app <> ALL ($4)
            ) AS all_due
            ORDER BY due_at, id LIMIT $3))
        ORDER BY due_at, id
        """

    private static let outboxColumns = "id, due_at, app, job, shard_index, overlap"

    /// The groups that have runs for which a condition is true, by the index that has those.
    private static func groups(_ name: String, _ condition: String) -> String {
        """
        \(name) (app) AS (
            (SELECT app FROM runs WHERE \(condition) ORDER BY app LIMIT 1)
            UNION ALL
            SELECT (SELECT app FROM runs WHERE \(condition) AND app > \(name).app ORDER BY app LIMIT 1)
            FROM \(name) WHERE app IS NOT NULL
        )
        """
    }

    /// Those that are due first, of the groups that are not left out.
    ///
    /// The order begins with the group, so that they are found by the index that does.
    private static func soonest(of groups: String, _ condition: String) -> String {
        """
        SELECT theirs.* FROM \(groups), LATERAL (
            SELECT \(outboxColumns) FROM runs WHERE \(condition) AND app = \(groups).app AND due_at <= $1
            ORDER BY app, due_at, id LIMIT $3) AS theirs
        WHERE \(groups).app <> ALL ($4) ORDER BY due_at, id LIMIT $3
        """
    }

    /// Whether a run of `line` is the first in it, and nobody is busy for whom it waits.
    ///
    /// Looked up run by run: `OFFSET 0` keeps the server from comparing all with all, which is as good where it knows of few.
    private static func mayGo(_ line: String) -> String {
        """
        NOT EXISTS (
            SELECT 1 FROM runs AS o
            WHERE o.state = 'planned' AND o.job = \(line).job AND o.shard_index = \(line).shard_index
                AND o.id < \(line).id AND (o.due_at <= $1 OR o.unreached_since IS NOT NULL) OFFSET 0)
        AND NOT EXISTS (
            SELECT 1 FROM runs AS o
            WHERE \(busy) AND o.job = \(line).job AND o.shard_index = \(line).shard_index
                AND (\(line).overlap = 'SERIAL_EXECUTION' OR o.state = 'dispatching') OFFSET 0)
        """
    }

    /// The first that waits in the first line of which a condition is true; one whose back-off is not over waits in none.
    ///
    /// To step over the lines of groups that are not asked for would take longer than to read all that wait in them.
    private static func nextLine(_ condition: String) -> String {
        """
        SELECT \(outboxColumns) FROM runs
        WHERE \(lined) AND app <> ALL ($4)
            AND (due_at <= $1 OR unreached_since IS NOT NULL) AND \(condition)
        ORDER BY job, shard_index, id LIMIT 1
        """
    }

    /// The policies under which runs wait for each other.
    static let lining = "'SERIAL_EXECUTION', 'COVER_EARLY'"
    /// Those that wait for nobody; as the index `runs_unlined` has it.
    static let unlined = "due_at IS NOT NULL AND (state <> 'planned' OR overlap NOT IN (\(lining)))"
    /// Those that wait in a line; as the index `runs_lined` has it.
    static let lined = "state = 'planned' AND overlap IN (\(lining))"
    /// Those that an executor has or may have; as the index `runs_busy` has it.
    static let busy = "state <> 'planned' AND ended_at IS NULL"
    /// All that are open, of which there may be many; as the index `runs_open` has it, and so that it fits no other question: the
    /// server does not see that one condition follows from another.
    static let open = "(state <> 'ended') IS TRUE"

    /// When the next becomes due, of each group by the indexes that are in this order.
    static let nextDue = """
        WITH RECURSIVE \(groups("lined_groups", lined)), \(groups("unlined_groups", unlined))
        SELECT least(
            (SELECT min(theirs.due_at) FROM lined_groups, LATERAL (\(nextDue(of: "lined_groups", lined))) AS theirs),
            (SELECT min(theirs.due_at) FROM unlined_groups, LATERAL (\(nextDue(of: "unlined_groups", unlined))) AS theirs))
        """

    private static func nextDue(of groups: String, _ condition: String) -> String {
        """
        SELECT due_at FROM runs WHERE \(condition) AND app = \(groups).app AND due_at > $1
        ORDER BY app, due_at, id LIMIT 1
        """
    }
}
