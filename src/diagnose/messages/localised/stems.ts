/**
 * The same sentences by the stems of their words, for what no catalogue at hand has: other versions of a
 * translation, texts retold from memory or by other tools. Only where no phrase of the catalogues was found.
 */

const NO = String.raw`(?:n['e ]|no |não |non |nie |не |ist kein|keine? |nicht |不|没有|ません|ない|없|아니)`
const POINT = String.raw`(?:einh[äa]ng|mountpunkt|mount-?punkt|point de montage|punto (?:de montaje|di mont)|ponto de montagem|punkt\w* mont|точк\S+ монт|挂载点|掛載點|マウントポイント|마운트 지점)`
const MANY = String.raw`(?:zu viele|trop de|demasiad|muit|troppi|za du|zbyt|слишком|забагато|te veel|för många|过多|太多|過多|多すぎ|너무)`
const FSTYPE = String.raw`(?:dateisystem-?typ|type d\w* syst[èe]me de fichiers|tipo (?:de |di |do )?(?:sistema de (?:arquivos|ficheiros|archivos)|file ?system)|typ systemu plik|тип\S* файлово|тип ФС|文件系统类型|檔案系統類型|ファイルシステム(?:の)?(?:タイプ|種類|型)|파일 ?시스템 (?:유형|종류))`

const stems = (words: string): RegExp => new RegExp(words, 'iu')

export const STEMS: readonly { readonly words: RegExp; readonly english: string }[] = [
  { words: stems(`(?:sp[ée]zial|sp[ée]cial|especia|specja|спец|特殊|スペシャル|특수).{0,60}(?:vorhand|exist|esist|istniej|существ|існу|存在|없)`), english: 'special device overlay does not exist' },
  { words: stems(`${POINT}.{0,40}(?:existiert nicht|nicht vorhanden|${NO}.{0,12}(?:exist|esist|istniej|существ|існу|存在)|不存在|存在しま|없)`), english: 'mount point does not exist' },
  { words: stems(`${POINT}.{0,40}(?:${NO}.{0,16}(?:verzeichnis|r[ée]pertoire|director|diret[óo]rio|cartella|pasta|katalog|каталог|папк)|不是目录|不是目錄|ディレクトリではあ|디렉터리가 아)`), english: 'mount point is not a directory' },
  { words: stems(`(?:bereits|d[ée]j[àa]|(?:^|\\s)ya |gi[àa] |(?:^|\\s)j[áa] |już|уже|вже|已(?:经|經)?|既に).{0,30}(?:eingeh|gemount|mont|монт|挂载|掛載|マウント)`), english: 'overlay already mounted on /' },
  { words: /(?:veralt|p[ée]rim|obsolet|scadut|non aggiorn|przestarz|nieaktualn|устар|застар|失效|过期|過期|古い).{0,40}(?:datei|descript|fichier|handle|identif|gestor|uchwyt|дескрипт|句柄|ハンドル)|(?:handle|descript|identif|gestor|uchwyt|дескрипт|句柄|ハンドル).{0,40}(?:veralt|p[ée]rim|obsolet|scadut|przestarz|nieaktualn|устар|застар|失效|过期|過期|古い)/iu, english: 'Stale file handle' },
  { words: stems(`${MANY}.{0,40}(?:symbol|simb|символ|符号|シンボリック|기호)|(?:symbol|simb|символ|符号|符號|シンボリック|기호).{0,24}${MANY}`), english: 'Too many levels of symbolic links' },
  { words: stems(`(?:unbekannt|inconnu|desconocid|desconhecid|sconosciut|nieznan|неизвестн|невідом|未知|不明).{0,12}${FSTYPE}|${FSTYPE}.{0,40}(?:unbekannt|inconnu|desconocid|desconhecid|sconosciut|nieznan|неизвестн|невідом|未知|不明)`), english: "unknown filesystem type 'overlay'" },
  { words: stems(`(?:falsch|ung[üu]ltig|mauvais|erron|incorrec|errat|errad|b[łl][ęe]dn|z[łl]y|неправ|неверн|невірн|错误|錯誤|間違).{0,40}${FSTYPE}|${FSTYPE}.{0,30}(?:falsch|ung[üu]ltig|mauvais|erron|incorrec|errat|errad|b[łl][ęe]dn|z[łl]y|неправ|неверн|невірн|错误|錯誤|間違)`), english: 'wrong fs type, bad option, bad superblock on overlay' },
  { words: stems(`(?:nur|seul\\S*|solo|sólo|somente|apenas|tylko|только|лише|只有|仅).{0,24}(?:root|superus|superutil|администр|超级用户)|(?:superuser|superusuario|superutente|superutilis|superusuário|суперпользоват|スーパーユーザ|超级用户|root-?rechte).{0,60}mount`), english: 'must be superuser to use mount' },
]
