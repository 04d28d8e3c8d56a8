import { describe, expect, it } from 'vitest'
import { call, failureOf } from './environmentOf.ts'

/** 2018-02-06T19:01:35.758Z, a Tuesday. */
const TIME = 1517943695758

describe('util.time formats as java.time does', () => {
  it.each([
    ['yyyy/MM/dd', 'UTC', '2018/02/06'],
    ['yyyy-MM-dd HH:mm:ssZ', 'UTC', '2018-02-06 19:01:35+0000'],
    ['EEE, d MMM yyyy', 'UTC', 'Tue, 6 Feb 2018'],
    ['EEEE MMMM uu', 'UTC', 'Tuesday February 18'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", 'Australia/Perth', '2018-02-07T03:01:35.758+08:00'],
    ['h:mm a', 'America/New_York', '2:01 PM'],
    ['hh K kk H', 'UTC', '07 7 19 19'],
    ['D Q q e w W F', 'UTC', '37 1 1 3 6 2 1'],
    ['S SSSSSS n A', 'UTC', '7 758000 758000000 68495758'],
    ['VV z zzzz', 'Europe/Berlin', 'Europe/Berlin GMT+1 Central European Standard Time'],
    ['X XX x xxx Z ZZZZ ZZZZZ O', 'Asia/Kolkata', '+0530 +0530 +0530 +05:30 +0530 GMT+05:30 +05:30 GMT+5:30'],
    ['X Z', 'UTC', 'Z +0000'],
    ["'o''clock' '' [HH]", 'UTC', "o'clock ' 19"],
    ['ppppH', 'UTC', '  19'],
    ['yyyy', '+05:00', '2018'],
  ])('%s in %s', (pattern, zone, expected) => {
    expect(call('time.epochMilliSecondsToFormatted', [TIME, pattern, zone])).toBe(expected)
  })

  it('knows years before 1 and above 9999', () => {
    expect(call('time.epochMilliSecondsToFormatted', [-62198755200000, 'yyyy uuuu G', 'UTC'])).toBe('0002 -0001 BC')
    expect(call('time.epochMilliSecondsToFormatted', [253402300800000, 'yyyy-MM', 'UTC'])).toBe('+10000-01')
  })

  it('tells the time', () => {
    expect(call('time.nowISO8601', [])).toBe('2018-02-06T19:01:35.758Z')
    expect(call('time.nowEpochSeconds', [])).toBe(1517943695)
    expect(call('time.nowEpochMilliSeconds', [])).toBe(TIME)
    expect(call('time.nowFormatted', ['HH:mm'])).toBe('19:01')
    expect(call('time.nowFormatted', ['HH:mm', 'Asia/Tokyo'])).toBe('04:01')
    expect(call('time.epochMilliSecondsToSeconds', [TIME])).toBe(1517943695)
    expect(call('time.epochMilliSecondsToISO8601', [TIME])).toBe('2018-02-06T19:01:35.758Z')
  })
})

describe('util.time parses as java.time does', () => {
  it.each([
    ['2018-02-01 01:19:15+0800', 'yyyy-MM-dd HH:mm:ssZ', undefined, 1517419155000],
    ['2018-02-01 01:19:15', 'yyyy-MM-dd HH:mm:ss', 'Australia/Perth', 1517419155000],
    ['2018-02-01 01:19:15', 'yyyy-MM-dd HH:mm:ss', undefined, 1517447955000],
    ['20180201011915', 'yyyyMMddHHmmss', undefined, 1517447955000],
    ['1 Feb 2018 1:19 PM', 'd MMM yyyy h:mm a', undefined, 1517491140000],
    ['2018-02-01T00:00[Europe/Berlin]', "yyyy-MM-dd'T'HH:mm'['VV']'", undefined, 1517439600000],
    ['2018-02-31 00:00', 'yyyy-MM-dd HH:mm', undefined, 1519776000000],
    ['2018-32 10', 'yyyy-DD HH', undefined, 1517479200000],
  ] as [string, string, string | undefined, number][])('%s with %s in %s', (text, pattern, zone, expected) => {
    expect(
      call('time.parseFormattedToEpochMilliSeconds', zone === undefined ? [text, pattern] : [text, pattern, zone]),
    ).toBe(expected)
  })

  it('moves a time in the gap of a clock change on, and takes the earlier one of two', () => {
    const parse = (text: string) =>
      call('time.parseFormattedToEpochMilliSeconds', [text, 'yyyy-MM-dd HH:mm', 'Europe/Berlin'])
    expect(parse('2018-03-25 02:30')).toBe(Date.UTC(2018, 2, 25, 1, 30))
    expect(parse('2018-10-28 02:30')).toBe(Date.UTC(2018, 9, 28, 0, 30))
  })

  it.each([
    ['2018-02-01T17:21:05.180+08:00', 1517476865180],
    ['2018-02-01T17:21:05.180Z', 1517505665180],
    ['2018-02-01T17:21Z', 1517505660000],
    ['2018-02-01T17:21:05.123456789Z', 1517505665123],
  ])('ISO 8601: %s', (text, expected) => {
    expect(call('time.parseISO8601ToEpochMilliSeconds', [text])).toBe(expected)
  })

  it('refuses in the words of java.time', () => {
    const parse = 'time.parseFormattedToEpochMilliSeconds'
    expect(failureOf(parse, ['x', 'yyyy'])).toBe("Text 'x' could not be parsed at index 0")
    expect(failureOf(parse, ['2018x', 'yyyy'])).toBe("Text '2018x' could not be parsed, unparsed text found at index 4")
    expect(failureOf(parse, ['2018-13-01 00', 'yyyy-MM-dd HH'])).toBe(
      "Text '2018-13-01 00' could not be parsed: Invalid value for MonthOfYear (valid values 1 - 12): 13",
    )
    expect(failureOf(parse, ['2018', 'b'])).toBe('Unknown pattern letter: b')
    expect(failureOf(parse, ['2018', "'x"])).toBe("Pattern ends with an incomplete string literal: 'x")
    expect(failureOf(parse, ['2018-01-01 00', 'yyyy-MM-dd HH', 'Nowhere/City'])).toBe(
      'Unknown time-zone ID: Nowhere/City',
    )
    expect(failureOf('time.parseISO8601ToEpochMilliSeconds', ['yesterday'])).toBe(
      "Text 'yesterday' could not be parsed at index 0",
    )
    expect(failureOf('time.epochMilliSecondsToISO8601', [9e15])).toBe('Instant exceeds minimum or maximum instant')
  })
})
