import Groundwork
import PushEngine

extension Campaign {
    var json: WireObject {
        var schedule: WireObject = ["cron": .null, "zone": .null, "at": .null]
        switch draft.schedule {
        case .manual: break
        case .once(let moment): schedule = ["cron": .null, "zone": .null, "at": .instant(moment)]
        case .cron(let text, let zone): schedule = ["cron": .text(text), "zone": .text(zone), "at": .null]
        }
        var json: WireObject = [
            "id": .id(id), "name": .text(draft.name), "template": .id(draft.template),
            "crowd": .text(draft.crowd),
        ]
        for member in schedule.members { json.append(member.key, member.value) }
        json.append("createdBy", .text(draft.createdBy))
        json.append("createdAt", .instant(createdAt))
        json.append("state", .text(state.rawValue))
        json.append("job", .number(job))
        return json
    }
}

extension CampaignProgress {
    /// The occurrence in numbers that add up: rows read are rows refused and messages received.
    func json(at now: Moment) -> WireObject {
        let byAccount = accounts.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { account, states -> WireObject in ["account": .id(account), "states": .counts(states)] }
        return [
            "id": .id(run.id), "campaign": .id(run.campaign), "plannedAt": .instant(run.plannedAt),
            "templateVersion": .number(run.templateVersion), "state": .text(run.state.rawValue),
            "startedAt": .instant(run.startedAt), "readAt": .instant(run.readAt),
            "rowCount": .number(rowCount), "rowsRead": .number(run.rowsRead), "refused": .number(refused),
            "refusedByCode": .counts(run.refused), "received": .number(received),
            "states": .counts(states), "accounts": .objects(byAccount), "charge": .number(charge),
            "share": .number(share), "rowsPerSecond": rate(at: now).map(WireValue.number) ?? .null,
            "secondsLeft": timeLeft(at: now).map { .number($0.inSeconds) } ?? .null,
            "clicks": clicks.map { .object($0.json) } ?? .null, "settled": .bool(isSettled),
        ]
    }
}

extension CampaignClicks {
    fileprivate var json: WireObject {
        [
            "count": .number(count), "linkCount": .number(linkCount),
            "links": .objects(
                links.map { ["code": .text($0.code), "url": .text($0.url), "clicks": .number($0.count)] }
            ),
        ]
    }
}

extension RowReject {
    var json: WireObject {
        [
            "row": .number(row), "line": .number(line), "column": .text(column), "code": .text(code),
            "text": .text(text),
        ]
    }
}
