<?php
// What its owner sets up by hand: the installation's page, permalinks, and a password for programs, which is printed.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url($argv[1], PHP_URL_HOST) . ':' . parse_url($argv[1], PHP_URL_PORT);
require dirname($_SERVER['argv'][0]) . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
$owner = wp_install('Office', 'olga', 'olga@office.example.org', true, '', 'bread and salt 2026')['user_id'];
update_option('siteurl', $argv[1]);
update_option('home', $argv[1]);
update_option('permalink_structure', '/%postname%/');
delete_option('rewrite_rules');  // made anew by the first visit
echo WP_Application_Passwords::create_new_application_password($owner, array('name' => 'tests'))[0];
