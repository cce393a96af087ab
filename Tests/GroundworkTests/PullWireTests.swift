import Groundwork
import Testing

private func text(_ message: some WireMessage) -> String { String(decoding: message.json, as: UTF8.self) }

struct PullWireTests {
    private static let planned = Moment(millisecondsSinceEpoch: 1_795_597_200_000)

    private static let request = PullRequest(
        appName: "reports",
        address: "kpush-pull://a1",
        instance: "b2",
        capacity: 256,
        seats: 255,
        waitMilliseconds: 5_000,
        accepted: [RunID(rawValue: 7)],
        acceptedFor: [520],
        refused: [PullRequest.Refusal(run: RunID(rawValue: 8), message: "not now: full")]
    )

    @Test func `a call for runs is written so`() {
        #expect(
            text(Self.request)
                == #"{"appName":"reports","address":"kpush-pull://a1","instance":"b2","capacity":256,"#
                + #""seats":255,"wait":5000,"leaving":false,"accepted":[7],"#
                + #""refused":[{"logId":8,"msg":"not now: full"}],"acceptedFor":[520]}"#
        )
        var last = Self.request
        (last.isLeaving, last.accepted, last.refused, last.holds) = (true, [], [], [RunID(rawValue: 9)])
        last.acceptedFor = []
        let page = LogPage(fromLine: 1, toLine: 1, content: "x\n", isEnd: true)
        last.heard = "e5"
        last.pages = [PulledPage(id: "c3", page: page), PulledPage(id: "d4", page: nil, message: "gone")]
        #expect(
            text(last)
                == #"{"appName":"reports","address":"kpush-pull://a1","instance":"b2","capacity":256,"#
                + #""seats":255,"wait":5000,"leaving":true,"accepted":[],"refused":[],"heard":"e5","holds":[9],"pages":["#
                + #"{"ask":"c3","page":{"fromLineNum":1,"toLineNum":1,"logContent":"x\n","isEnd":true},"msg":null},"#
                + #"{"ask":"d4","page":null,"msg":"gone"}]}"#
        )
    }

    @Test func `an answer is written so`() {
        let answer = PullAnswer(
            runs: [
                RunRequest(
                    job: JobID(rawValue: 1),
                    run: RunID(rawValue: 7),
                    handler: "work",
                    plannedAt: Self.planned
                )
            ],
            name: "e5",
            kills: [PullAnswer.Kill(run: RunID(rawValue: 6), plannedAt: Self.planned)],
            questions: [
                PullQuestion(
                    id: "c3",
                    request: LogRequest(run: RunID(rawValue: 5), plannedAt: Self.planned, fromLine: 2)
                )
            ]
        )
        #expect(
            text(answer)
                == #"{"runs":["# + text(answer.runs[0])
                + #"],"kill":[{"logId":6,"logDateTime":1795597200000}],"logs":[{"ask":"c3","#
                + #""logDateTim":1795597200000,"logDateTime":1795597200000,"logId":5,"fromLineNum":2}],"answer":"e5"}"#
        )
        #expect(text(PullAnswer()) == #"{"runs":[],"kill":[],"logs":[]}"#)
    }

    @Test func `what was written is read back`() throws {
        var request = Self.request
        request.heard = "e5"
        request.holds = [RunID(rawValue: 1), RunID(rawValue: 2)]
        request.pages = [PulledPage(id: "x", page: nil, message: "no")]
        #expect(try PullRequest(json: request.json) == request)
        let question = PullQuestion(
            id: "q",
            request: LogRequest(run: RunID(rawValue: 5), plannedAt: Self.planned, fromLine: 2)
        )
        let answer = PullAnswer(name: "e5", questions: [question])
        #expect(try PullAnswer(json: answer.json) == answer)
    }

    @Test func `what is missing is nothing, and what is unknown is passed over`() throws {
        let json =
            #"{"appName":"a","address":"kpush-pull://b","instance":"c","capacity":"4","seats":-1,"new":{}}"#
        let request = try PullRequest(json: json.utf8)
        #expect(request.capacity == 4)
        #expect(request.seats == 0)
        #expect(request.holds == nil)
        #expect(!request.isLeaving)
        #expect(try PullAnswer(json: "{}".utf8).isEmpty)
    }

    @Test(arguments: [
        ("appName", #"{"address":"kpush-pull://b","instance":"c","capacity":4,"seats":1}"#),
        ("instance", #"{"appName":"a","address":"kpush-pull://b","capacity":4,"seats":1}"#),
        ("seats", #"{"appName":"a","address":"kpush-pull://b","instance":"c","capacity":4}"#),
        (
            "holds",
            #"{"appName":"a","address":"kpush-pull://b","instance":"c","capacity":4,"seats":1,"holds":["x"]}"#
        ),
    ])
    func `what makes no sense is refused with its name`(member: String, json: String) {
        let error = #expect(throws: WireError.self) { try PullRequest(json: json.utf8) }
        #expect(error?.member == member)
    }
}
