import Groundwork
import Testing

private func text(_ message: some WireMessage) -> String { String(decoding: message.json, as: UTF8.self) }

@Suite struct WireValueTests {
    @Test func `an object keeps the order of its members when written`() {
        let value = WireValue.object(["b": 1, "a": .list([nil, true, "x"]), "c": .object(["d": 2])])
        #expect(String(decoding: value.json, as: UTF8.self) == #"{"b":1,"a":[null,true,"x"],"c":{"d":2}}"#)
    }

    @Test(arguments: ["quote \" and \\ and /", "line\nfeed\ttab\r", "\u{1}\u{1f}", "中文 🎉", ""])
    func `text survives writing and reading`(original: String) throws {
        let value = WireValue.object([original: .text(original)])
        #expect(try WireValue(json: value.json) == value)
    }

    @Test(arguments: [
        ("9007199254740993", Int64(9_007_199_254_740_993)), ("\"42\"", 42), ("\" 7 \"", 7), ("5.0", 5),
        ("-1", -1),
    ])
    func `a whole number is read however it is spelled`(json: String, number: Int64) throws {
        #expect(try WireValue(json: json.utf8).wholeNumber == number)
    }

    @Test(arguments: ["5.5", "true", "null", "\"five\"", "[]", "{}", "1e300"])
    func `what is no whole number is not read as one`(json: String) throws {
        #expect(try WireValue(json: json.utf8).wholeNumber == nil)
    }

    @Test(arguments: [
        ("1.5", "1.5"), ("-2e-7", "-2e-07"), ("1e300", "1e+300"),
        ("12345678901234567890123", "1.2345678901234568e+22"),
    ])
    func `a number that is not whole stays a number`(json: String, written: String) throws {
        #expect(try String(decoding: WireValue(json: json.utf8).json, as: UTF8.self) == written)
    }

    @Test(arguments: ["", "{", "{\"a\":}", "nope", "{\"a\":1"])
    func `what is not JSON is refused`(json: String) {
        #expect(throws: WireError(.notJSON)) { try WireValue(json: json.utf8) }
    }

    @Test func `deep nesting is refused and does not crash`() {
        let json = String(repeating: "[", count: 100_000)
        #expect(throws: WireError(.notJSON)) { try WireValue(json: json.utf8) }
    }
}

@Suite struct EnvelopeTests {
    @Test func `an answer carries its payload under both keys`() {
        #expect(text(Envelope.success()) == #"{"code":200,"msg":null,"content":null,"data":null}"#)
        #expect(text(Envelope.success("x")) == #"{"code":200,"msg":null,"content":"x","data":"x"}"#)
        #expect(text(Envelope.failure("no")) == #"{"code":500,"msg":"no","content":null,"data":null}"#)
    }

    @Test(arguments: [
        (#"{"code":200}"#, Envelope(code: 200)),
        (#"{"code":200,"msg":"Success"}"#, Envelope(code: 200, message: "Success")),
        (#"{"code":200,"msg":null,"content":"c"}"#, Envelope(code: 200, payload: "c")),
        (
            #"{"code":200,"msg":"Success","data":"d","success":true}"#,
            Envelope(code: 200, message: "Success", payload: "d")
        ),
        (#"{"code": 500, "msg": "no", "content": null}"#, Envelope(code: 500, message: "no")),
        (#"{"code":"200","msg":""}"#, Envelope(code: 200, message: "")),
    ])
    func `every generation's answer is read`(json: String, envelope: Envelope) throws {
        #expect(try Envelope(json: json.utf8) == envelope)
    }

    @Test func `the array with which a Go executor refuses a run is read`() throws {
        let json =
            #"[{"logId":1,"logDateTim":0,"executeResult":{"code":500,"msg":"There are tasks running"},"#
            + #""handleCode":500,"handleMsg":"There are tasks running"}]"#
        #expect(try Envelope(json: json.utf8) == .failure("There are tasks running"))
        let older = #"[{"logId":1,"executeResult":{"code":500,"msg":"busy"}}]"#
        #expect(try Envelope(json: older.utf8) == .failure("busy"))
    }

    @Test func `what is no envelope becomes a failure that quotes it`() {
        let notFound = Envelope(status: 404, body: Array("404 page not found".utf8))
        #expect(notFound == .failure("HTTP 404: 404 page not found"))
        let page = Envelope(status: 200, body: Array("<html>".utf8))
        #expect(page.code == 500)
        #expect(page.message?.hasSuffix("<html>") == true)
        let long = Envelope(status: 500, body: Array(repeating: UInt8(ascii: "x"), count: 1 << 20))
        #expect((long.message?.utf8.count ?? 0) < 600)
    }
}

@Suite struct RunRequestTests {
    private let request = RunRequest(
        job: JobID(rawValue: 1),
        run: RunID(rawValue: 1_001),
        handler: "demoJobHandler",
        params: "a=1",
        blockStrategy: .coverEarly,
        timeoutSeconds: 5,
        plannedAt: Moment(millisecondsSinceEpoch: 1_586_629_003_729),
        shardIndex: 2,
        shardTotal: 3
    )

    @Test func `all twelve members are written`() {
        #expect(
            text(request)
                == #"{"jobId":1,"executorHandler":"demoJobHandler","executorParams":"a=1","#
                + #""executorBlockStrategy":"COVER_EARLY","executorTimeout":5,"logId":1001,"#
                + #""logDateTime":1586629003729,"glueType":"BEAN","glueSource":"","glueUpdatetime":0,"#
                + #""broadcastIndex":2,"broadcastTotal":3}"#
        )
    }

    @Test func `what is written is read back`() throws {
        #expect(try RunRequest(json: request.json) == request)
    }

    @Test func `only the two ids must be there`() throws {
        let read = try RunRequest(json: #"{"jobId":"7","logId":8,"executorParams":null,"x":[]}"#.utf8)
        let expected = RunRequest(
            job: JobID(rawValue: 7),
            run: RunID(rawValue: 8),
            handler: "",
            plannedAt: Moment(millisecondsSinceEpoch: 0)
        )
        #expect(read == expected)
    }

    @Test(arguments: [
        (#"{"jobId":1}"#, WireError(.missing, member: "logId")),
        (#"{"logId":1,"jobId":null}"#, WireError(.missing, member: "jobId")),
        (#"{"logId":1,"jobId":"one"}"#, WireError(.wrongKind, member: "jobId")),
        (#"{"logId":1,"jobId":1,"executorTimeout":[]}"#, WireError(.wrongKind, member: "executorTimeout")),
        ("[]", WireError(.wrongKind)), ("{", WireError(.notJSON)),
    ])
    func `a member that is missing or of the wrong kind is named`(json: String, error: WireError) {
        #expect(throws: error) { try RunRequest(json: json.utf8) }
    }

    @Test func `an unknown block strategy means serial`() throws {
        let read = try RunRequest(json: #"{"jobId":1,"logId":1,"executorBlockStrategy":"PARALLEL"}"#.utf8)
        #expect(read.blockStrategy == .serial)
    }

    @Test func `shards out of range are brought into it`() throws {
        let read = try RunRequest(json: #"{"jobId":1,"logId":1,"broadcastIndex":-4,"broadcastTotal":0}"#.utf8)
        #expect(read.shardIndex == 0)
        #expect(read.shardTotal == 1)
    }
}

@Suite struct ExecutorMessageTests {
    @Test func `kill and idle beat carry the job`() throws {
        #expect(text(KillRequest(job: JobID(rawValue: 5))) == #"{"jobId":5}"#)
        #expect(try KillRequest(json: #"{"jobId":5}"#.utf8).job == JobID(rawValue: 5))
        #expect(text(IdleBeatRequest(job: JobID(rawValue: 5))) == #"{"jobId":5}"#)
        #expect(throws: WireError(.missing, member: "jobId")) { try IdleBeatRequest(json: "{}".utf8) }
    }

    @Test func `a log request is written with both spellings and read with either`() throws {
        let request = LogRequest(
            run: RunID(rawValue: 9),
            plannedAt: Moment(millisecondsSinceEpoch: 77),
            fromLine: 3
        )
        #expect(text(request) == #"{"logDateTim":77,"logDateTime":77,"logId":9,"fromLineNum":3}"#)
        for key in ["logDateTim", "logDateTime"] {
            #expect(try LogRequest(json: "{\"\(key)\":77,\"logId\":9,\"fromLineNum\":3}".utf8) == request)
        }
        #expect(try LogRequest(json: #"{"logId":9}"#.utf8).fromLine == 1)
    }

    @Test func `a page is written as every generation reads it`() throws {
        let page = LogPage(fromLine: 1, toLine: 2, content: "a\nb\n", isEnd: false)
        #expect(text(page) == #"{"fromLineNum":1,"toLineNum":2,"logContent":"a\nb\n","isEnd":false}"#)
        #expect(try LogPage(json: page.json) == page)
    }

    @Test(arguments: [
        (LogPage(fromLine: 5, toLine: 6, content: "a\nb\n", isEnd: true), 7),
        (LogPage(fromLine: 5, toLine: 6, content: "a\nb", isEnd: true), 7),
        (LogPage(fromLine: 5, toLine: 4, content: "", isEnd: false), 5),
        (LogPage(fromLine: 5, toLine: 5, content: "", isEnd: true), 5),
        (LogPage(fromLine: 5, toLine: 0, content: "", isEnd: false), 5),
        (LogPage(fromLine: 5, toLine: 0, content: "readLog fail, logFile not exists", isEnd: true), 5),
        (LogPage(fromLine: 5, toLine: 90, content: "a\n", isEnd: true), 6),
        (LogPage(fromLine: 5, toLine: 90, content: "[lines dropped: 5 to 90]\n", isEnd: false), 91),
    ])
    func `the next line follows from what came`(page: LogPage, next: Int) {
        #expect(page.nextLine(after: 5) == next)
    }
}

@Suite struct SchedulerMessageTests {
    @Test func `a registration is written with our instance, and without when there is none`() throws {
        let plain = RegistryRequest(appName: "kpush", address: "http://10.0.0.5:9999/")
        #expect(
            text(plain)
                == #"{"registryGroup":"EXECUTOR","registryKey":"kpush","registryValue":"http://10.0.0.5:9999/"}"#
        )
        let ours = RegistryRequest(appName: "kpush", address: "http://h/", instance: "abc")
        #expect(text(ours).hasSuffix(#","instance":"abc"}"#))
        #expect(try RegistryRequest(json: ours.json) == ours)
    }

    @Test(arguments: ["registryGroup", "registryKey", "registryValue"])
    func `a blank member of a registration is named`(key: String) {
        let json = #"{"registryGroup":"EXECUTOR","registryKey":"k","registryValue":"v"}"#
        let blank = json.replacing("\"\(key)\":\"", with: "\"\(key)\":\"  \",\"x\":\"")
        #expect(throws: WireError(.missing, member: key)) { try RegistryRequest(json: blank.utf8) }
    }

    @Test func `a callback is written with every spelling`() {
        let item = CallbackItem(
            run: RunID(rawValue: 1_001),
            plannedAt: Moment(millisecondsSinceEpoch: 7),
            outcome: .succeeded("done")
        )
        let golden =
            #"{"logId":1001,"logDateTim":7,"logDateTime":7,"handleCode":200,"handleMsg":"done","#
            + #""executeResult":{"code":200,"msg":"done"}}"#
        #expect(text(CallbackBatch([item])) == "[\(golden)]")
        #expect(text(CallbackBatch([item], shape: .object)) == "{\"callbackList\":[\(golden)]}")
    }

    @Test(arguments: [
        (
            #"[{"logId":1,"logDateTim":5,"executeResult":{"code":200,"msg":"ok"}}]"#,
            RunOutcome.succeeded("ok")
        ),
        (#"[{"logId":1,"logDateTim":5,"handleCode":502,"handleMsg":"late"}]"#, .timedOut("late")),
        (#"[{"logId":1,"logDateTim":5,"handleCode":200}]"#, .succeeded(nil)),
        (#"{"callbackList":[{"logId":1,"logDateTime":5,"handleCode":500,"handleMsg":"x"}]}"#, .failed("x")),
        (
            #"[{"logId":1,"logDateTim":5,"handleCode":200,"handleMsg":{"n":20},"executeResult":{"code":200}}]"#,
            .succeeded(#"{"n":20}"#)
        ),
        (
            #"[{"logId":"1","logDateTime":"5","handleCode":"500","handleMsg":"killed by x"}]"#,
            .killed("killed by x")
        ),
        (#"[{"logId":1,"logDateTim":5,"handleCode":418}]"#, .failed("")),
    ])
    func `every generation's callback is read`(json: String, outcome: RunOutcome) throws {
        let batch = try CallbackBatch(json: json.utf8)
        #expect(batch.items.map(\.outcome) == [outcome])
        #expect(batch.items.first?.run == RunID(rawValue: 1))
        #expect(batch.items.first?.plannedAt == Moment(millisecondsSinceEpoch: 5))
    }

    @Test func `one bad element fails nobody else`() throws {
        let json =
            #"[{"logId":1,"handleCode":200},{"handleCode":200},7,{"logId":2},{"logId":3,"handleCode":500}]"#
        let batch = try CallbackBatch(json: json.utf8)
        #expect(batch.items.map(\.run.rawValue) == [1, 3])
        #expect(
            batch.rejected == [
                WireError(.missing, member: "logId"), WireError(.wrongKind),
                WireError(.missing, member: "handleCode"),
            ]
        )
    }

    @Test func `a body of neither shape is refused`() {
        #expect(throws: WireError(.wrongKind)) { try CallbackBatch(json: #"{"callbacks":[]}"#.utf8) }
    }

    @Test func `a message of any length is cut`() {
        let item = CallbackItem(
            run: RunID(rawValue: 1),
            plannedAt: nil,
            outcome: .failed(String(repeating: "字", count: 20_000))
        )
        #expect(item.message?.count == CallbackItem.messageLimit)
    }

    @Test(arguments: [RunOutcome.succeeded("a"), .failed("b"), .timedOut("c"), .killed("killed d")])
    func `an outcome survives the wire`(outcome: RunOutcome) throws {
        let item = CallbackItem(run: RunID(rawValue: 1), plannedAt: nil, outcome: outcome)
        #expect(try CallbackItem(json: item.json).outcome == outcome)
    }

    @Test func `a killed run's message says so on the wire`() {
        #expect(RunOutcome.killed("by Ann").message == "killed: by Ann")
        #expect(RunOutcome.killed("killed by Ann").message == "killed by Ann")
    }

    @Test(arguments: [Int64.min, -62_135_596_800_001, 253_402_300_800_000, .max])
    func `an instant that no calendar has is refused by name`(instant: Int64) {
        #expect(throws: WireError(.wrongKind, member: "logDateTime")) {
            try RunRequest(json: #"{"jobId":1,"logId":1,"logDateTime":\#(instant)}"#.utf8)
        }
        #expect(throws: WireError(.wrongKind, member: "logDateTim")) {
            try LogRequest(json: #"{"logId":1,"logDateTim":\#(instant),"fromLineNum":1}"#.utf8)
        }
    }

    @Test(arguments: [Int64.min, -1, 0, 7, .max], [Int64.min, -1, 0, 7, .max])
    func `a log's lines have numbers that can be counted on from`(from: Int64, to: Int64) throws {
        let json = #"{"fromLineNum":\#(from),"toLineNum":\#(to),"logContent":"[lines dropped","isEnd":true}"#
        let page = try LogPage(json: json.utf8)
        for number in [page.fromLine, page.toLine] { #expect((0...LogPage.lastLine).contains(number)) }
        #expect(page.nextLine(after: LogPage.lastLine) >= LogPage.lastLine)
    }
}
